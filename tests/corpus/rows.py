"""All rows, and where those are that need more than a folder."""

from __future__ import annotations

from tests.corpus import manifests, media, paths
from tests.corpus.row import Row

ROWS: tuple[Row, ...] = (*paths.row.all, *media.row.all, *manifests.row.all)

_APPLY, _CLI = "tests/core/test_ingest_apply.py", "tests/cli/test_bad_input.py"
# These need rights that are taken away, a process that dies, a disk that fills, or a second run.
ELSEWHERE: dict[int, tuple[str, str]] = {
    6: ("tests/corpus/test_hostile_folder.py", "test_ingest_takes_in_what_can_be_read_and_names_the_rest"),
    55: (_CLI, "test_a_file_that_grows_while_it_is_read"),
    56: (_APPLY, "test_a_file_that_changes_on_its_way_is_refused_and_its_sequence_not_registered"),
    58: (_CLI, "test_a_full_disk_at_the_destination"),
    59: ("tests/corpus/test_ingest_corpus.py", "test_a_bucket_that_may_not_be_written_stops_the_run"),
    60: (_APPLY, "test_a_second_run_uploads_nothing_and_registers_nothing"),
    61: (_APPLY, "test_an_object_with_other_bytes_is_never_overwritten"),
    62: (
        "tests/e2e/test_ingest_kills.py",
        "test_killed_ingests_end_with_every_file_uploaded_and_registered_exactly_once",
    ),
    63: (
        "tests/e2e/test_ingest_kills.py",
        "test_killed_ingests_end_with_every_file_uploaded_and_registered_exactly_once",
    ),
    64: (_APPLY, "test_of_two_runs_at_once_the_second_is_told_who_is_at_it"),
}
# Numbers that stand for nothing: what they were is told by the rows beside them.
UNUSED = frozenset({9, 15, 19, 24, 29, 41, 50, 57, 66, 72, 79})
LAST = 82
