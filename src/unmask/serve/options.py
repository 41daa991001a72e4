"""What a client may choose for a job: the options of ``unmask scan`` that are safe to give away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unmask import registry
from unmask.errors import SettingError
from unmask.serve.config import Serving
from unmask.serve.files import allowed
from unmask.settings import PATHS, SETTINGS, make_settings

Name = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_.+-]*$")]
Place = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]


def _number(name: str) -> Any:
    setting = SETTINGS[name]
    return Field(default=None, ge=setting.low, le=setting.high, description=setting.help)


class Options(BaseModel):
    """Options of a scan. What is left out has its default."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    fpr: float | None = _number("fpr")
    prior: float | None = _number("prior")
    fps: float | None = _number("fps")
    timeout: float | None = _number("timeout")
    analyzers: list[Name] = Field(default=[], max_length=100, description="Only these; empty: all.")
    detector: Name = Field(default="", description="This model alone.")
    joined: list[Name] = Field(default=[], max_length=100, description="Models that join.")
    set: Name = Field(default="", description="A set of models that join.")
    reference: Place = Field(default="", description=PATHS["reference"] + " A path on the service.")
    trust: Place = Field(default="", description=PATHS["trust"] + " A path on the service.")
    index: Place = Field(default="", description=PATHS["index"] + " A path on the service.")
    calibration: Place = Field(
        default="", description=PATHS["calibration"] + " A path on the service."
    )
    pdf: bool = Field(default=False, description="Write the report as PDF, too.")

    def checked(self, serving: Serving) -> dict[str, Any]:
        """The options as a job keeps them: names that exist, paths that may be read.

        Raises UnknownName, SettingError, ModelError, UnsupportedMedia.
        """
        values = self.model_dump(exclude_defaults=True)
        for name in self.analyzers:
            registry.analyzer(name)
        for name in (self.detector, *self.joined):
            if name.endswith(".toml") or name.startswith("."):
                raise SettingError("Models are chosen by name here, not by the path of a card.")
            if name:
                registry.weighted_card(name)
        for name in PATHS:
            if values.get(name):
                values[name] = str(allowed(values[name], serving.roots))
        make_settings(**{name: value for name, value in values.items() if name != "pdf"})
        return values


class Submission(BaseModel):
    """A file that lies on the service, and how to judge it."""

    model_config = ConfigDict(extra="forbid")

    path: Place = Field(min_length=1, description="A file under a folder that may be read.")
    options: Options = Options()
    webhook: str = Field(default="", max_length=2000, description="Told when the job has ended.")


class BatchSubmission(BaseModel):
    """Files and folders that lie on the service."""

    model_config = ConfigDict(extra="forbid")

    paths: list[Annotated[Place, Field(min_length=1)]] = Field(min_length=1, max_length=10_000)
    options: Options = Options()
    webhook: str = Field(
        default="", max_length=2000, description="Told of each job that has ended."
    )


class Comparison(BaseModel):
    """A file that lies on the service, and authentic material of the person it shows."""

    model_config = ConfigDict(extra="forbid")

    path: Place = Field(min_length=1)
    reference: Place = Field(min_length=1, description="A folder or a profile.")
    options: Options = Options()
    webhook: str = Field(default="", max_length=2000)


def read(model: type[BaseModel], text: str | bytes) -> Any:
    """JSON as one of these models. Raises SettingError, which says what is wrong where."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise SettingError(f"{where}: {first['msg']}.") from None


def explained() -> list[dict[str, Any]]:
    """Every option with its meaning, default and range, for programs and the page."""
    numbers: Mapping[str, Any] = {n: s for n, s in SETTINGS.items() if n != "threads"}
    rows: list[dict[str, Any]] = [
        {"name": n, "help": s.help, "default": s.default, "low": s.low, "high": s.high}
        for n, s in numbers.items()
    ]
    return rows + [
        {"name": name, "help": text, "default": "", "low": None, "high": None}
        for name, text in PATHS.items()
    ]
