"""`make bench`: runs every benchmark and prints one table."""

from benchmarks import parsing


def main() -> None:
    """One line for each thing measured."""
    found = parsing.measure()
    print("what                              ours     peer   ratio   peer is")
    print(
        f"understanding an answer, CPU µs  {found.understand:5.1f}    {found.decode:5.1f}"
        f"   {found.understand / found.decode:5.1f}   json.loads of the same bytes"
    )
    print(f"  the slowest documented body: {found.slowest:.1f} µs ({found.slowest_name})")


if __name__ == "__main__":
    main()
