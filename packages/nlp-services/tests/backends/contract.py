"""What any server with TensorFlow Serving's REST API does for our SavedModels: the fake, and the real one elsewhere."""

import httpx2
import pytest
from nlp_services.backends.savedmodel import SavedModelClassifier
from nlp_services.backends.serving import ServingClassifier
from nlp_services.cards import load_card
from nlp_services.errors import ModelError

TEXTS = ["so happy today!", "worst day ever 😡", "The council meets on Tuesday", "", "今日は", "¡Qué golazo!"]


class ServingContract:
    """Give a fixture `models`: the address under which the model `sentiment` is served, `…/v1/models/sentiment`."""

    def test_its_version_is_available(self, models):
        [status] = httpx2.get(models).json()["model_version_status"]

        assert status["state"] == "AVAILABLE"
        assert status["version"] == ServingClassifier(models, 3).version

    def test_its_metadata_name_the_signature(self, models):
        found = httpx2.get(f"{models}/metadata").json()
        signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]

        assert set(signature["inputs"]) == {"text"}
        assert set(signature["outputs"]) == {"label", "confidence", "probabilities"}

    def test_rows_and_columns_say_the_same(self, models):
        rows = httpx2.post(f"{models}:predict", json={"instances": TEXTS}).json()["predictions"]
        named = httpx2.post(f"{models}:predict", json={"instances": [{"text": t} for t in TEXTS]}).json()["predictions"]
        columns = httpx2.post(f"{models}:predict", json={"inputs": {"text": TEXTS}}).json()["outputs"]

        assert rows == named
        assert [row["label"] for row in rows] == columns["label"]
        assert [row["confidence"] for row in rows] == pytest.approx(columns["confidence"], abs=1e-6)

    def test_bytes_may_come_in_base64(self, models):
        found = httpx2.post(f"{models}:predict", json={"instances": [{"b64": "c28gaGFwcHk="}, "so happy"]})

        first, second = found.json()["predictions"]
        assert first == second

    @pytest.mark.parametrize(
        "body",
        [{}, {"inputs": {"text": ["a"]}, "instances": ["a"]}, {"inputs": {"words": ["a"]}}, {"instances": [[1]]}],
    )
    def test_what_it_cannot_take_is_refused_with_an_error(self, models, body):
        refused = httpx2.post(f"{models}:predict", json=body)

        assert refused.status_code == 400
        assert refused.json()["error"]

    def test_no_json_is_refused(self, models):
        assert httpx2.post(f"{models}:predict", content=b"{").status_code == 400

    def test_another_model_is_not_there(self, models):
        other = models.replace("sentiment", "weather")

        assert httpx2.get(other).status_code == 404
        assert "error" in httpx2.post(f"{other}:predict", json={"instances": ["a"]}).json()

    def test_it_says_what_the_model_says_in_process(self, models):
        here = SavedModelClassifier(load_card("sentiment")).classify(TEXTS)
        there = ServingClassifier(models, 3).classify(TEXTS)

        assert there.labels == here.labels
        assert there.confidences == pytest.approx(here.confidences, abs=1e-3)
        assert [max(row) for row in there.probabilities] == pytest.approx(
            [max(r) for r in here.probabilities], abs=1e-3
        )

    def test_many_texts_go_in_batches(self, models):
        assert ServingClassifier(models, 3).classify(["so happy"] * 600).labels == ["positive"] * 600

    def test_a_model_of_another_shape_is_an_error(self, models):
        with pytest.raises(ModelError, match=r"outputs of another type; serve the SavedModel of this capability there"):
            ServingClassifier(models, 7).classify(["so happy"])
