"""Walks a desk as a browser would: reads pages, follows links, fills in forms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

OWN_SCRIPT = {"src": "/static/desk.js", "defer": None}
LEADING = {"href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcdoc", "style"}


@dataclass
class Form:
    """A form of a page: where it goes, and each field with the values that it may have."""

    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """What a page has: links, forms, and whatever could run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.forms: list[Form] = []
        self.running: list[str] = []
        self._select = ""
        self._area: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self._look(tag, told)
        if tag == "a" and (told.get("href") or "").startswith("/"):
            self.links.add(str(told["href"]))
        if tag == "form":
            self.forms.append(Form((told.get("method") or "get").upper(), str(told.get("action") or "")))
        if self.forms and tag in ("input", "textarea", "select", "option"):
            self._field(tag, told)

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def _field(self, tag: str, told: dict[str, str | None]) -> None:
        form, name, value = self.forms[-1], told.get("name") or "", told.get("value") or ""
        if tag == "option":
            form.fields[self._select].append(value)
        elif tag == "select":
            self._select = name
            form.fields[name] = []
        elif tag == "textarea":
            form.fields[name], self._area = [""], name
            form.texts.add(name)
        elif told.get("type") == "radio":
            form.fields.setdefault(name, []).append(value)
        else:
            form.fields[name] = [value]
            if told.get("type") != "hidden":
                form.texts.add(name)

    def _look(self, tag: str, told: dict[str, str | None]) -> None:
        if (tag == "script" and told != OWN_SCRIPT) or tag in ("iframe", "object", "embed", "base", "img", "marquee"):
            self.running.append(f"<{tag} {told}>")
        for name, value in told.items():
            address = (value or "").strip().casefold()
            leading = name in LEADING and address.startswith(("javascript:", "data:text", "vbscript:", "//", "http"))
            if name.startswith("on") or leading or (tag == "meta" and name == "http-equiv"):
                self.running.append(f"<{tag} {name}={value!r}>")


def pages_of(visitor: Any, first: str = "/", most: int = 300, may_be_gone: Collection[str] = ()) -> dict[str, str]:
    """Return every page that links lead to, by its address; no link is dead, and none leads to what is closed."""
    found: dict[str, str] = {}
    todo = [first]
    while todo and len(found) < most:
        address = todo.pop()
        if address in found or urlsplit(address).path.startswith("/static/"):
            continue
        answer = visitor.get(address)
        gone = answer.status_code == 404 and address in may_be_gone
        assert answer.status_code in (200, 303) or gone, f"{address}: {answer.status_code}"
        if answer.status_code == 303:
            todo.append(answer.headers["location"])
            found[address] = ""
            continue
        found[address] = answer.text
        todo.extend(sorted(Page(answer.text).links - set(found)))
    return found


def forms_of(pages: dict[str, str]) -> dict[tuple[str, str], Form]:
    """Return the forms of pages by method and address; those that sign out are left alone."""
    forms = [form for text in pages.values() for form in Page(text).forms]
    return {(form.method, form.action): form for form in forms if form.action != "/sign-out"}
