"""Print how well `diagnose` does over labelled errors: python tests/score.py [FILE.jsonl]"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fbnb.diagnosis import Diagnosis, diagnose

CORPUS = Path(__file__).parent / "data" / "errors.jsonl"
Judged = list[tuple[dict[str, Any], Diagnosis]]


def judged(path: Path = CORPUS) -> Judged:
    """Each labelled error with what `diagnose` says of it."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [(row, diagnose(row["payload"], where=row["where"], http_status=row["http_status"])) for row in rows]


def misses(rows: Judged) -> dict[str, list[str]]:
    """For each figure, the ids that are not as labelled."""
    plain = [(row, said) for row, said in rows if not row["message_misleads"]]
    return {
        "cause": [row["id"] for row, said in plain if said.cause != row["category"]],
        "cause or first of also": [row["id"] for row, said in plain if row["category"] not in (said.cause, *said.also[:1])],
        "retryable": [row["id"] for row, said in rows if said.retryable != row["retryable"]],
        "needs_person": [row["id"] for row, said in rows if said.needs_person != row["needs_user"]],
    }


def shares(rows: Judged) -> dict[str, float]:
    """For each figure, the share that is as labelled."""
    plain = sum(not row["message_misleads"] for row, _ in rows)
    counts = {"cause": plain, "cause or first of also": plain, "retryable": len(rows), "needs_person": len(rows)}
    return {name: 1 - len(missed) / counts[name] for name, missed in misses(rows).items()}


def main() -> None:
    """Print the four figures, then what was missed and how."""
    rows = judged(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS)
    missed = misses(rows)
    print(f"{len(rows)} errors, of which {sum(row['message_misleads'] for row, _ in rows)} with words that mislead")
    for name, share in shares(rows).items():
        print(f"{name}: {share:.1%}, missed {len(missed[name])}")
    for row, said in rows:
        wrong = [name for name, ids in missed.items() if row["id"] in ids]
        if wrong:
            print(f"\n{row['id']}: {', '.join(wrong)}\n  labelled {row['category']}, {row['retryable']}, {row['needs_user']}")
            also = ", ".join(said.also[:2]) or "nothing else"
            print(f"  said {said.cause} (or {also}), {said.retryable}, {said.needs_person}, by {', '.join(said.evidence)}")


if __name__ == "__main__":
    main()
