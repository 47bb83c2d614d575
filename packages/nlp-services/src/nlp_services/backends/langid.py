"""Language detection by py3langid, in this process."""

# The languages that X names in `lang`, where py3langid knows them: fewer candidates, better guesses on short texts.
# fmt: off
_LANGUAGES = (
    "am", "ar", "bg", "bn", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gu", "he", "hi",
    "ht", "hu", "hy", "id", "is", "it", "ja", "ka", "km", "kn", "ko", "lo", "lt", "lv", "ml", "mr", "my", "ne", "nl",
    "no", "or", "pa", "pl", "ps", "pt", "ro", "ru", "sd", "si", "sl", "sr", "sv", "ta", "te", "th", "tl", "tr", "ug",
    "uk", "ur", "vi", "zh",
)
# fmt: on


class LangidDetector:
    """One loaded identifier over the languages that posts are usually in."""

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - a second to load

        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        known = set(self._identifier.labels)
        self._identifier.set_languages([language for language in _LANGUAGES if language in known])

    def detect(self, text: str) -> str:
        return str(self._identifier.classify(text)[0])
