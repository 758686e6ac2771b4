"""`make bench`: runs every benchmark and prints one table."""

from benchmarks import parsing


def main() -> None:
    """One line for each thing measured."""
    print("what                                         ours     peer   ratio   peer is")
    for what, found in (
        ("understanding an answer, CPU µs", parsing.by_itself()),
        ("the same by an operator's description, CPU µs", parsing.by_description()),
    ):
        print(
            f"{what:45s}{found.understand:5.1f}    {found.decode:5.1f}   {found.understand / found.decode:5.1f}"
            f"   json.loads of the same bytes\n  slowest body: {found.slowest:.1f} µs ({found.slowest_name})"
        )


if __name__ == "__main__":
    main()
