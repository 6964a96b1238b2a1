"""
A partner's own form of the payload: parse, check, render. Pure.

A template is a JSON document whose strings hold `{{ path }}`. A string that is one placeholder becomes
the value itself, of whatever type; anywhere else strings are put in as they are, and other values as
their JSON text. `{{ path | default(JSON) }}` stands in for what is missing or null. There are no loops
and no arithmetic, and every character is looked at once, so that no template takes long.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from json import JSONDecodeError
from typing import Any, NoReturn, cast

from portal import json_paths
from portal.json_paths import MAX_SAFE_INTEGER
from webhooks.payload_fields import MAX_BODY_BYTES, OPEN, members

#: Characters of a template.
MAX_LENGTH = 20_000

#: Objects and lists inside one another.
MAX_DEPTH = 20

#: What a placeholder's name may not hold; a field with such a name is reached by data["its name"].
SPECIAL = frozenset(" \t\r\n.[](){}|\"'")

#: Names that a suggestion looks at, and their length: comparing texts is slow.
MOST_NAMES, LONGEST_NAME = 100, 50

#: The default payload, as a template.
DEFAULT = """\
{
  "type": "{{ type }}",
  "status": "{{ status }}",
  "data": {
    "verificationId": "{{ data.verificationId }}",
    "sessionId": "{{ data.sessionId }}",
    "stepId": "{{ data.stepId }}",
    "status": "{{ data.status }}",
    "proofData": "{{ data.proofData }}",
    "formattedData": "{{ data.formattedData }}",
    "metadata": "{{ data.metadata }}"
  }
}"""

Step = str | int
Write = Callable[[Any], str]


class TemplateError(ValueError):
    """
    The template is not one, or does not fit; the message names where in it, and the next step.

    `discreet` says the same without a word of the payload: its keys are for whoever may read it.
    """

    def __init__(self, message: str, *, discreet: str = "") -> None:
        super().__init__(message)
        self.discreet = discreet or message


class _Missing:
    """No default was given."""


MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `{{ path | default(…) }}`."""

    steps: tuple[Step, ...]
    default: Any = MISSING


@dataclass(frozen=True, slots=True)
class Text:
    """A string of the template with at least one placeholder, and its JSON path."""

    parts: tuple[str | Placeholder, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: JSON with a Text for each string that has placeholders."""

    tree: Any
    texts: tuple[Text, ...]


def to_store(typed: str) -> str:
    """Return the template that was *typed*, or nothing where it is the default one."""
    source = typed.replace("\r\n", "\n").strip()
    return "" if source == DEFAULT else source


@lru_cache(maxsize=1_000)
def parse(source: str) -> Template:
    """
    Read a template.

    Raises:
        TemplateError: it is too large or too deep, no JSON, or one of its placeholders is malformed.

    """
    if len(source) > MAX_LENGTH:
        raise TemplateError(
            f"The template has {len(source):,} characters; at most {MAX_LENGTH:,} are allowed."
        )
    texts: list[Text] = []
    tree = _compile(_document(source), "$", MAX_DEPTH, texts)
    return Template(tree, tuple(texts))


def check(source: str) -> None:
    """
    Make sure that a template can be rendered, as far as that can be known beforehand.

    What proofData, formattedData and metadata hold is only known when an event comes.

    Raises:
        TemplateError: see :func:`parse`; or a placeholder names a field that no payload has.

    """
    for text in parse(source).texts:
        for part in text.parts:
            if isinstance(part, Placeholder):
                _check_path(part.steps, text.path)


def render(template: Template, payload: Any, *, write: Write) -> Any:
    """
    Return the document that *template* makes of *payload*; *write* returns a value's JSON text.

    Raises:
        TemplateError: a field is missing that has no default, or the document becomes too large.

    """
    return _Rendering(payload, write).of(template.tree)


class _Rendering:
    """One document in the making, and how much room is left in it."""

    def __init__(self, payload: Any, write: Write) -> None:
        self._payload = payload
        self._write = write
        self._room = MAX_BODY_BYTES

    def of(self, node: Any) -> Any:
        if isinstance(node, Text):
            return self._filled(node)
        if isinstance(node, dict):
            return {key: self.of(value) for key, value in node.items()}
        return [self.of(item) for item in node] if isinstance(node, list) else node

    def _filled(self, text: Text) -> Any:
        if len(text.parts) == 1:
            value = _look_up(cast("Placeholder", text.parts[0]), self._payload, text.path)
            self._text(value, text.path)
            return value
        return "".join(self._part(part, text.path) for part in text.parts)

    def _part(self, part: str | Placeholder, path: str) -> str:
        return part if isinstance(part, str) else self._text(_look_up(part, self._payload, path), path)

    def _text(self, value: Any, path: str) -> str:
        """Return the value as text, if there is room for it: a short template can repeat a large field."""
        written = value if isinstance(value, str) else self._write(value)
        self._room -= len(written)
        if self._room < 0:
            raise TemplateError(
                f"{path}: here the body grows over {MAX_BODY_BYTES:,} bytes; use fewer or smaller fields."
            )
        return written


def _look_up(placeholder: Placeholder, payload: Any, path: str) -> Any:
    value = payload
    for position, step in enumerate(placeholder.steps):
        if not _has(value, step):
            if placeholder.default is MISSING:
                _refuse_missing(placeholder.steps, position, value, path)
            return placeholder.default
        value = value[step]
    return placeholder.default if value is None and placeholder.default is not MISSING else value


def _has(value: Any, step: Step) -> bool:
    if isinstance(step, str):
        return isinstance(value, Mapping) and step in value
    return isinstance(value, list) and step < len(value)


def _refuse_missing(steps: Sequence[Step], position: int, value: Any, path: str) -> NoReturn:
    names = list(value) if isinstance(value, Mapping) else []
    what = f"{path}: {_absence(steps, position)}"
    discreet = f"{what}; correct the path, or give a value for this case with | default(null)."
    suggestion = _suggestion(steps[position], names)
    raise TemplateError(what + suggestion if suggestion else discreet, discreet=discreet)


def _check_path(steps: Sequence[Step], path: str) -> None:
    """Follow *steps* through the documented fields, up to where the backend chooses what follows."""
    place = ""
    for position, step in enumerate(steps):
        if place in OPEN:
            return
        names = members(place)
        if step not in names:
            known = (
                f"; {place or 'the payload'} has {', '.join(names)}." if names else "; it is a single value."
            )
            raise TemplateError(f"{path}: {_absence(steps, position)}{_suggestion(step, names) or known}")
        place = f"{place}.{step}" if place else str(step)


def _absence(steps: Sequence[Step], position: int) -> str:
    place = _spelled(steps[:position]) or "the payload"
    step = steps[position]
    what = f"field {json.dumps(step, ensure_ascii=False)}" if isinstance(step, str) else f"item {step}"
    return f"no {what} in {place}"


def _suggestion(step: Step, names: Sequence[str]) -> str:
    if not isinstance(step, str) or len(step) > LONGEST_NAME:
        return ""
    comparable = {name.lower(): name for name in names[:MOST_NAMES] if len(name) <= LONGEST_NAME}
    close = get_close_matches(step.lower(), comparable, n=1)
    return f"; did you mean {json.dumps(comparable[close[0]], ensure_ascii=False)}?" if close else ""


def _spelled(steps: Sequence[Step]) -> str:
    return json_paths.shortened("".join(map(json_paths.step, steps)).removeprefix("."))


def _document(source: str) -> Any:
    """Read the JSON, strictly: nothing in it may mean one thing to us and another to a receiver."""
    try:
        return _decoder.decode(source)
    except JSONDecodeError as error:
        raise TemplateError(_not_json(source, error)) from None
    except RecursionError:
        raise TemplateError(_too_deep("$")) from None


def _not_json(source: str, error: JSONDecodeError) -> str:
    place = f"Line {error.lineno}, column {error.colno}"
    if source[: error.pos].endswith("{") and source.startswith("{", error.pos):
        return (
            f'{place}: put the placeholder in quotes, "{{{{ … }}}}"; alone there it keeps its value\'s type.'
        )
    return f"{place}: this is not JSON. {error.msg}."


def _too_deep(path: str) -> str:
    return f"{path}: nested deeper than {MAX_DEPTH} levels; use a flatter structure."


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise TemplateError(f"The key {_shown(key)} stands twice in one object; leave one out.")
        if key == "__proto__":
            raise TemplateError('The key "__proto__" can change the receiver\'s objects; use another name.')
        if "{{" in key:
            raise TemplateError(f"The key {_shown(key)} holds a placeholder; only values can.")
        found[key] = value
    return found


def _shown(key: str) -> str:
    return json_paths.shortened(json.dumps(key, ensure_ascii=False))


def _number(digits: str) -> int:
    # What is cut off is too large anyway, and reading thousands of digits is slow.
    number = int(digits[:20])
    if abs(number) > MAX_SAFE_INTEGER:
        raise TemplateError(f"{digits[:20]}… loses digits in JavaScript; write it as a string, in quotes.")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise TemplateError(f"{digits[:20]} is too large for a number; write it as a string, in quotes.")
    return number


def _constant(name: str) -> NoReturn:
    raise TemplateError(f"JSON has no {name}; use null or a string.")


_decoder = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_number, parse_float=_float, parse_constant=_constant
)


def _compile(node: Any, path: str, room: int, texts: list[Text]) -> Any:
    """Return *node* with a Text for each string that has placeholders, and gather those in *texts*."""
    if isinstance(node, str):
        return _compile_string(node, path, texts)
    if not isinstance(node, (dict, list)):
        return node
    if not room:
        raise TemplateError(_too_deep(path))
    if isinstance(node, list):
        return [_compile(item, _inside(path, i), room - 1, texts) for i, item in enumerate(node)]
    return {key: _compile(value, _inside(path, key), room - 1, texts) for key, value in node.items()}


def _inside(path: str, key: Step) -> str:
    return json_paths.shortened(path + json_paths.step(key))


def _compile_string(string: str, path: str, texts: list[Text]) -> str | Text:
    if "{{" not in string:
        return string
    text = Text(tuple(_Scanner(string, path).parts()), path)
    texts.append(text)
    return text


class _Scanner:
    """Read a string from left to right; no character is looked at twice."""

    def __init__(self, string: str, path: str) -> None:
        self._string = string
        self._path = path
        self._at = 0

    def parts(self) -> list[str | Placeholder]:
        found: list[str | Placeholder] = []
        while (opening := self._string.find("{{", self._at)) >= 0:
            found.append(self._string[self._at : opening])
            self._at = opening + 2
            found.append(self._placeholder())
        found.append(self._string[self._at :])
        return [part for part in found if part != ""]

    def _placeholder(self) -> Placeholder:
        steps = self._steps()
        default = self._default() if self._takes("|") else MISSING
        if not self._takes("}}"):
            self._refuse(
                "expected }} after the path" if default is MISSING else "expected }} after default(…)"
            )
        return Placeholder(steps, default)

    def _steps(self) -> tuple[Step, ...]:
        steps: list[Step] = [self._name()]
        while True:
            if self._takes("."):
                steps.append(self._name())
            elif self._takes("["):
                steps.append(self._index())
            else:
                return tuple(steps)

    def _name(self) -> str:
        self._skip_spaces()
        start = self._at
        while self._at < len(self._string) and self._string[self._at] not in SPECIAL:
            self._at += 1
        if start == self._at:
            self._refuse("expected the name of a field, as in {{ data.status }}")
        return self._string[start : self._at]

    def _index(self) -> Step:
        start = self._at
        index = self._literal()
        if not isinstance(index, str) and (type(index) is not int or index < 0):
            self._at = start
            self._refuse('expected a position, as in [0], or a name in quotes, as in ["odd name"]')
        if not self._takes("]"):
            self._refuse("expected ]")
        return index

    def _default(self) -> Any:
        if not (self._takes("default") and self._takes("(")):
            self._refuse("after | only default(…) can stand, as in {{ data.stepId | default(0) }}")
        value = self._literal()
        if not self._takes(")"):
            self._refuse("expected ) after the default")
        return value

    def _literal(self) -> Any:
        self._skip_spaces()
        try:
            value, self._at = _decoder.raw_decode(self._string, self._at)
        except (JSONDecodeError, RecursionError):
            self._refuse(r"expected a JSON value; inside the template's string, quotes are written \"")
        except TemplateError as error:
            self._refuse(str(error))
        return value

    def _takes(self, token: str) -> bool:
        self._skip_spaces()
        if not self._string.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _skip_spaces(self) -> None:
        while self._string[self._at : self._at + 1].isspace():
            self._at += 1

    def _refuse(self, reason: str) -> NoReturn:
        raise TemplateError(f"{self._path}: at character {self._at + 1}, {reason}.")
