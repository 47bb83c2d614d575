from pathlib import Path

from tfx import v1 as tfx

from models.common.trainer import Values, chosen, grid_search

SPACE = {"strength": (0.25, 0.5, 1.0), "taught": (1.0, 2.0)}


def test_a_search_tries_every_point_once_and_the_trainer_takes_its_best(tmp_path: Path) -> None:
    seen = list[Values]()

    def judged(values: Values) -> float:
        seen.append(dict(values))
        return -abs(values["strength"] - 0.5) + values["taught"]

    tuner, kwargs = grid_search(SPACE, judged, tfx.components.FnArgs(working_dir=str(tmp_path)))
    tuner.search(**kwargs)
    best = tuner.get_best_hyperparameters()[0].get_config()

    assert len(seen) == 6
    assert {(values["strength"], values["taught"]) for values in seen} == {
        (strength, taught) for strength in SPACE["strength"] for taught in SPACE["taught"]
    }
    assert chosen(tfx.components.FnArgs(hyperparameters=best)) == {"strength": 0.5, "taught": 2.0}
