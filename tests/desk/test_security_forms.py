"""Forms: only those of our own pages do anything, and what is typed into one never runs on a page."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from analyzer.desk.all_doors import ALL
from analyzer.desk.forgery import form_token
from analyzer.desk.said import DONE
from analyzer.desk.views.requests import asked_by
from analyzer.ledger.fitted import BundleRecord, MarkRecord
from analyzer.ledger.people import Role
from analyzer.policy.effects import MarkStatus

sys.path.insert(0, str(Path(__file__).parent))

from walking import Page, forms_of, pages_of

sys.path.remove(str(Path(__file__).parent))

HOST = "http://testserver"
PASSWORD = "a quiet evening with one film"
OTHER = "another evening with two films"
ASKED = {
    "by": "country, device",
    "measure": "households",
    "purpose": "press",
    "source": "viewing sessions of the service",
    "window": "March 2026",
    "why": "A newspaper asks how people watch.",
}
REASON = "Looked at with the researchers: it is close to a protected repetition."


def works(desk):
    """Return for the path of each POST a form that does something: who sends it, where to, and its fields."""
    seen, mark = str(desk.ledger.pattern("P03").last), desk.ledger.pattern("P03").mark.value
    draft = {"text": "Most viewers finish the first season within a week.", "purpose": "press"}
    client, _ = desk.ledger.add_client("a tool for forms", Role.COMMUNICATIONS)
    wanted = desk.ledger.request_release(asked_by({**ASKED, "why": "A newspaper asks for it."}, "Cleo").request)
    return {
        "/patterns/{pattern}/decisions": (
            "Ana",
            "/patterns/P03/decisions",
            {"decision": f"confirm:{mark}", "seen": seen},
        ),
        "/patterns/{pattern}/notes": ("Ana", "/patterns/P11/notes", {"note": "Seen with the researchers today."}),
        "/check": ("Cleo", "/check", draft),
        "/drafts": ("Cleo", "/drafts", draft),
        "/drafts/{number}/answers": (
            "Ana",
            "/drafts/2/answers",
            {"answer": "rejected", "reason": REASON, "seen": str(desk.ledger.draft(2).last)},
        ),
        "/requests": ("Dina", "/requests", ASKED),
        "/requests/{number}/answers": (
            "Ana",
            f"/requests/{wanted.number}/answers",
            {"answer": "rejected", "reason": REASON, "seen": str(wanted.last)},
        ),
        "/people": ("Eva", "/people", {"name": "Zoe", "role": "reviewer", "password": OTHER, "again": OTHER}),
        "/people/{name}/role": ("Eva", "/people/Dina/role", {"role": "reviewer"}),
        "/people/{name}/disable": ("Eva", "/people/Dina/disable", {}),
        "/people/{name}/enable": ("Eva", "/people/Dina/enable", {}),
        "/people/{name}/sign-ins": ("Eva", "/people/Dina/sign-ins", {}),
        "/people/{name}/password": ("Eva", "/people/Dina/password", {"password": OTHER, "again": OTHER}),
        "/clients": ("Eva", "/clients", {"name": "tool", "role": "reviewer"}),
        "/clients/{number}/end": ("Eva", f"/clients/{client.number}/end", {}),
        "/password": ("Carl", "/password", {"old": PASSWORD, "password": OTHER, "again": OTHER}),
        "/sign-out": ("Ana", "/sign-out", {}),
    }


def test_a_form_of_our_own_page_does_what_it_says(desk):
    app = desk.app()
    for path, (who, at, fields) in works(desk).items():
        before = desk.ledger.audit.anchor()
        answer = desk.visitor(who, app).post_form(at, **fields)
        assert answer.status_code in (200, 201, 303), (path, answer.text)
        assert (desk.ledger.audit.anchor() != before) or path == "/check"


def test_every_form_without_the_token_of_this_sign_in_does_nothing(desk):
    app, forms = desk.app(), works(desk)
    posts = {door.path for door in ALL if door.method == "POST" and not door.for_programs} - {"/sign-in"}
    assert posts == set(forms)
    for who, at, fields in forms.values():
        visitor, other = desk.visitor(who, app), desk.visitor(who, app)
        right = form_token(visitor.token)
        before = desk.ledger.audit.anchor()
        for wrong in ({}, {"csrf": ""}, {"csrf": "x"}, {"csrf": right[:-1]}, {"csrf": form_token(other.token)}):
            assert visitor.post(at, data=fields | wrong).status_code == 403, at
        assert visitor.post(f"{at}?csrf={right}", data=fields).status_code == 403
        assert visitor.post(at, data=fields, headers={"X-CSRF-Token": right}).status_code == 403
        assert desk.ledger.audit.anchor() == before
        assert visitor.get("/help").status_code == 200  # and nobody was signed out


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "null", "http://testserver.evil.example", "http://testserver:81", "", "file://"),
        *("http://[", "http://[::1", "testserver", "http://testserver@evil.example", "http://evil.example#testserver"),
    ],
)
def test_a_form_of_another_site_does_nothing_even_with_the_token(desk, origin):
    ana = desk.visitor("Ana")
    answer = ana.post(
        "/patterns/P11/notes",
        data={"note": "Seen today.", "csrf": form_token(ana.token)},
        headers={"Origin": origin},
    )
    assert answer.status_code == 403
    assert len(desk.ledger.notes("P11")) == 1


def test_our_own_origin_is_taken(desk):
    ana = desk.visitor("Ana")
    fields = {"note": "Seen today.", "csrf": form_token(ana.token)}
    assert ana.post("/patterns/P11/notes", data=fields, headers={"Origin": HOST}).status_code == 303


def test_a_link_of_somebody_else_does_not_say_that_something_was_done(desk, signed_in):
    ana, cleo = signed_in(Role.REVIEWER), signed_in(Role.COMMUNICATIONS)
    led = ana.post_form("/drafts/2/answers", answer="rejected", reason=REASON, seen="0").headers["location"]
    said = DONE["rejected"]
    assert said in ana.get(led).text
    proof = led.split(".")[-1]
    for lie in (
        "approved",
        f"approved.{proof}",
        "approved.",
        "rejected",
        "approved.é",
        f"approved.{form_token('x')[:16]}",
    ):
        for visitor in (ana, cleo):
            text = visitor.get("/drafts/2", params={"done": lie}).text
            assert not [sentence for sentence in DONE.values() if sentence in text], lie
    assert said not in cleo.get(led).text  # it is Ana's own
    assert said not in ana.get(led.replace("/drafts/2", "/drafts/1")).text
    assert DONE["approved"] not in desk.visitor().get("/sign-in?done=approved").text
    assert DONE["signed-out"] in desk.visitor().get("/sign-in?done=signed-out").text


def test_a_reason_of_any_length_does_not_fill_the_trail(desk):
    app, long = desk.app(), {"reason": "It is close to a protected repetition. " * 60}
    wanted = works(desk)
    for path in ("/patterns/{pattern}/decisions", "/drafts/{number}/answers", "/requests/{number}/answers"):
        who, at, fields = wanted[path]
        before = desk.ledger.audit.anchor()
        visitor = desk.visitor(who, app)
        kind = {"decision": "tighten:never_single_out"} if "patterns" in path else {}
        answer = visitor.post_form(at, **fields | kind | long)
        assert answer.status_code == 422, path
        assert "Shorten it to 2,000 characters" in answer.text
        assert desk.ledger.audit.anchor().entries == before.entries + 1  # the sign-in


def test_pages_let_browsers_say_where_a_form_comes_from(desk):
    # With "no-referrer" they send "Origin: null" with our own forms too, and every one of them would be refused.
    assert desk.visitor().get("/sign-in").headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_what_is_no_form_does_nothing(desk, kind):
    ana = desk.visitor("Ana")
    body = f"note=Seen+today.&csrf={form_token(ana.token)}"
    answer = ana.post("/patterns/P11/notes", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 403
    assert len(desk.ledger.notes("P11")) == 1


def test_signing_in_takes_the_token_of_its_own_page(desk):
    visitor = desk.visitor()
    visitor.get("/sign-in")
    fields = {"name": "Ana", "password": "a quiet evening with one film"}
    assert visitor.post("/sign-in", data=fields).status_code == 403
    assert visitor.post("/sign-in", data=fields | {"csrf": "x"}).status_code == 403
    assert visitor.get("/queue").status_code == 303


# ---- script

MARK = "zq7"
SCRIPTS = (
    f'"><script>alert("{MARK}")</script>',
    f"'><img src=x onerror=alert('{MARK}')> </textarea></title><svg onload=alert(1)>",
    f"javascript:alert('{MARK}') {{{{ 7919 * 7919 }}}} {{% raw %}} ${{7919*7919}}",
    f'{MARK} " autofocus onfocus=alert(1) x="',
)


def nothing_runs(pages):
    for address, text in pages.items():
        assert Page(text).running == [], address


def everybody(desk, app):
    return [desk.visitor(name, app) for name in ("Ana", "Cleo", "Dina", "Eva")]


def test_the_walk_sees_what_could_run():
    for script in SCRIPTS[:2]:
        assert Page(f"<p>{script}</p>").running
    assert Page(f'<input value="{SCRIPTS[3]}">').running
    assert Page('<a href=" JavaScript:alert(1)">x</a>').running
    assert not Page('<script src="/static/desk.js" defer></script><a href="/help">Help</a>').running


def test_script_in_every_field_of_every_form_never_runs(desk):
    script = f'"><script>alert("{MARK}")</script><img src=x onerror=alert(1)> {{{{ 7919 * 7919 }}}}'
    app = desk.app()
    walked = 0
    for visitor in everybody(desk, app):
        for form in forms_of(pages_of(visitor)).values():
            walked += send_all(visitor, form, script)
    assert walked > 60
    texts = {}
    for visitor in everybody(desk, app):
        pages = pages_of(visitor)
        nothing_runs(pages)
        texts |= pages
    assert sum(MARK in text for text in texts.values()) >= 3  # it was kept, and is shown as the letters that it is


def send_all(visitor, form, script):
    """Send a form with the script in one field after the other, hidden and chosen ones too, and then in all."""
    usual = {name: (values or [""])[0] for name, values in form.fields.items()}
    names = [name for name in usual if name != "csrf"]
    sent = 0
    for wrong in [[name] for name in names] + [sorted(form.texts)]:
        fields = usual | dict.fromkeys(form.texts, "a few plain words of nobody") | dict.fromkeys(wrong, script)
        if form.method == "GET":
            answer = visitor.get(form.action, params=fields)
        elif "/disable" in form.action or "/role" in form.action or "/sign-ins" in form.action:
            continue  # would end the walk; what these take is no text
        else:
            answer = visitor.post_form(form.action, **{name: fields[name] for name in names})
        assert answer.status_code < 500, form.action
        assert Page(answer.text).running == [], form.action
        assert "62710561" not in answer.text, form.action  # nor is it a template
        sent += 1
    return sent


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_in_the_name_of_somebody_who_signs_in_never_runs(desk, script):
    answer = desk.visitor().sign_in(script)
    assert answer.status_code == 422
    assert MARK in answer.text
    assert Page(answer.text).running == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_that_is_kept_is_shown_as_letters(desk, script):
    ledger, app = desk.ledger, desk.app()
    ana, eva, cleo, dina = (desk.visitor(name, app) for name in ("Ana", "Eva", "Cleo", "Dina"))
    seen = str(ledger.pattern("P03").last)
    stricter = {"decision": "tighten:never_single_out", "reason": f"It is too close {script}", "seen": seen}
    sent = [
        ana.post_form("/patterns/P03/decisions", **stricter),
        ana.post_form("/patterns/P11/notes", note=script),
        cleo.post_form("/drafts", text=f"Most viewers finish it. {script}", purpose=script[:99]),
        ana.post_form("/drafts/2/answers", answer="rejected", reason=f"Not so, please. {script}", seen="0"),
        dina.post_form("/requests", **ASKED | {"by": script, "measure": script, "why": f"For a page. {script}"}),
        eva.post_form("/people", name=script.replace("/", ""), role="reviewer", password=OTHER, again=OTHER),
        eva.post_form("/clients", name=f"tool {script}", role="reviewer"),
    ]
    assert [answer.status_code for answer in sent] == [303] * 6 + [201]
    nothing_runs({"/clients": sent[-1].text})
    for visitor in everybody(desk, app):
        nothing_runs(pages_of(visitor))
    assert MARK in ana.get("/patterns/P11").text
    assert MARK in eva.get("/people").text


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_in_data_never_runs(desk, script):
    mark = MarkRecord(pattern="P01", name=script, mark=MarkStatus.REVIEW, absolute=False, rules=(script,))
    book = desk.ledger.rulebook(desk.ledger.bundles()[-1].rulebook_hash)
    record = BundleRecord(fingerprint="f" * 64, rulebook=book, window=script[:50], source=script, marks=(mark,))
    desk.ledger.record_bundle(record)
    app = desk.app()
    earlier = {f"/patterns/P{number:02d}" for number in range(2, 30)}  # the trail goes on to speak of them
    for visitor in everybody(desk, app):
        nothing_runs(pages_of(visitor, may_be_gone=earlier))
    assert MARK in desk.visitor("Ana", app).get("/patterns").text


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_in_an_address_never_runs(desk, script):
    app = desk.app()
    queries = ("page", "mark", "done", "hash", "before", "after", "title", "anchor", "q", "name")
    doors = [door for door in ALL if door.method == "GET" and not door.for_programs]
    for name in ("Ana", "Cleo", "Dina", "Eva", None):
        visitor, role = desk.visitor(name, app), desk.ledger.person(name).role if name else None
        for door in doors:
            if role in (Role.COMMUNICATIONS, Role.RESEARCHER) and role not in door.roles:
                continue  # what is closed looks like what is closed to an administrator
            path = door.href(**dict.fromkeys(door.parameters, script))
            for address in (path, f"{path}?{'&'.join(f'{name}={quote(script)}' for name in queries)}"):
                answer = visitor.get(address)
                assert answer.status_code < 500, address
                assert Page(answer.text).running == [], address
                assert script not in answer.headers.get("location", "")
        assert Page(visitor.get(f"/{quote(script)}").text).running == []
