"""The build's own step: compile the translations, which no checkout holds compiled, into the wheel."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CATALOGUES = "portal/translations/*/LC_MESSAGES/messages.po"


class CustomBuildHook(BuildHookInterface):
    """Give the wheel a .mo file for every .po file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile each catalogue aside and add it; a checkout that is installed to be edited compiles its own."""
        if version == "editable":
            return
        self._folder = TemporaryDirectory()
        for number, source in enumerate(sorted(Path(self.root).glob(CATALOGUES))):
            compiled = Path(self._folder.name) / f"{number}.mo"
            with source.open("rb") as words, compiled.open("wb") as file:
                write_mo(file, read_po(words))
            compiled.chmod(0o644)
            place = source.relative_to(self.root).with_suffix(".mo")
            build_data["force_include"][str(compiled)] = place.as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled aside."""
        if version != "editable":
            self._folder.cleanup()
