"""Learn how people watch without ever holding a viewer up to the public.

The rooms, along the river:

`grouping`   sorted arrays and their groups; it knows nothing of viewing.
`sessions`   what was watched: any source becomes checked sessions with a tally that adds up; player events too.
`features`   how it was watched: plays, and one behaviour vector per viewer and window.
`patterns`   what recurs: HDBSCAN finds usage patterns; they are kept as aggregates of households.
`policy`     who may be spoken of: a rulebook marks patterns, guards every vector and judges what is said.
`disclosure` which numbers may leave: floors, dominance, suppression that cannot be undone, earlier releases, noise.
`messages`   may this sentence be said, and is it true: words first, then the policy, and data last.
`ledger`     what left, what was decided and by whom, with an audit trail; never whose numbers they were.
`report`     what a person looks at.
`workflow`   the hallway: the only place where rooms meet and files are written.

    sessions = analyzer.read_sessions("views/*.parquet", events="player/*.parquet")  # events where there are any
    vectors  = analyzer.extract_features(sessions, window="28d")
    patterns = analyzer.UsagePatterns().fit(vectors)
    marks    = analyzer.mark_patterns(patterns)
    analyzer.save_model(patterns, marks, "models/mine")
    answers  = analyzer.classify(analyzer.load_model("models/mine"), vectors)
    release  = analyzer.release_table(frame, by=["country", "device"], measure="hours", purpose="press",
                                      source="our sessions", window="November 2026", ledger="ledger.sqlite")
    verdict  = analyzer.check_message("To the 53 people who ...", sessions=sessions)

More than memory holds: `write_features(source, "vectors.parquet")`; on a Spark cluster: `extract_features_spark(frame)`
and `classify_spark(model, vectors)`. One kernel, the same answers.

Names are imported when they are first used, so that `import analyzer` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.disclosure.limits import Limits as Limits
    from analyzer.disclosure.noised import Noise as Noise
    from analyzer.disclosure.released import Release as Release
    from analyzer.disclosure.released import Withheld as Withheld
    from analyzer.errors import AnalyzerError as AnalyzerError
    from analyzer.features.extract import extract_features as extract_features
    from analyzer.ledger.store import memory_ledger as memory_ledger
    from analyzer.ledger.store import open_ledger as open_ledger
    from analyzer.messages.verdict import Verdict as Verdict
    from analyzer.messages.verdict import VerdictStatus as VerdictStatus
    from analyzer.patterns.estimator import UsagePatterns as UsagePatterns
    from analyzer.patterns.profile import PatternProfile as PatternProfile
    from analyzer.policy.marks import Mark as Mark
    from analyzer.policy.marks import mark_patterns as mark_patterns
    from analyzer.policy.overrides import Override as Override
    from analyzer.policy.rulebook import Rulebook as Rulebook
    from analyzer.policy.rulebook import load_rulebook as load_rulebook
    from analyzer.policy.rules import MarkStatus as MarkStatus
    from analyzer.sessions.records import Sessions as Sessions
    from analyzer.sessions.source import read_sessions as read_sessions
    from analyzer.workflow.classify import classify as classify
    from analyzer.workflow.extraction import write_features as write_features
    from analyzer.workflow.in_force import in_force as in_force
    from analyzer.workflow.message_index import build_index as build_index
    from analyzer.workflow.messages import check_message as check_message
    from analyzer.workflow.model import Model as Model
    from analyzer.workflow.model import load_model as load_model
    from analyzer.workflow.model import save_model as save_model
    from analyzer.workflow.release import release_table as release_table
    from analyzer.workflow.release import release_tables as release_tables
    from analyzer.workflow.spark import classify_spark as classify_spark
    from analyzer.workflow.spark import extract_features_spark as extract_features_spark

_HOMES = {
    "AnalyzerError": "analyzer.errors",
    "Limits": "analyzer.disclosure.limits",
    "Mark": "analyzer.policy.marks",
    "MarkStatus": "analyzer.policy.rules",
    "Model": "analyzer.workflow.model",
    "Noise": "analyzer.disclosure.noised",
    "Override": "analyzer.policy.overrides",
    "PatternProfile": "analyzer.patterns.profile",
    "Release": "analyzer.disclosure.released",
    "Rulebook": "analyzer.policy.rulebook",
    "Sessions": "analyzer.sessions.records",
    "UsagePatterns": "analyzer.patterns.estimator",
    "Verdict": "analyzer.messages.verdict",
    "VerdictStatus": "analyzer.messages.verdict",
    "Withheld": "analyzer.disclosure.released",
    "build_index": "analyzer.workflow.message_index",
    "check_message": "analyzer.workflow.messages",
    "classify": "analyzer.workflow.classify",
    "classify_spark": "analyzer.workflow.spark",
    "extract_features": "analyzer.features.extract",
    "extract_features_spark": "analyzer.workflow.spark",
    "in_force": "analyzer.workflow.in_force",
    "load_model": "analyzer.workflow.model",
    "load_rulebook": "analyzer.policy.rulebook",
    "mark_patterns": "analyzer.policy.marks",
    "memory_ledger": "analyzer.ledger.store",
    "open_ledger": "analyzer.ledger.store",
    "read_sessions": "analyzer.sessions.source",
    "release_table": "analyzer.workflow.release",
    "release_tables": "analyzer.workflow.release",
    "save_model": "analyzer.workflow.model",
    "write_features": "analyzer.workflow.extraction",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - the map above is the list


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'analyzer' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
