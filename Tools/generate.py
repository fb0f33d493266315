#!/usr/bin/env python3
"""A whole CRM's life as NDJSON for `touchline append`. All of it is synthetic.

    python3 Tools/generate.py --events 1000000 --seed 7 --out life.ndjson

Nobody in it exists: names are drawn from lists, e-mail addresses end in example.com, .cn or .org, phone numbers are
in no use, and every source starts with /synthetic/. It tells coherent lives: customers register, buy, return goods,
ask, complain, are called, are sent campaigns, answer surveys, and leave; leads qualify and become customers; opportunities
move through three pipelines. Only the types that Touchline writes itself (models, definitions, imports) are missing.

One set of options gives the same bytes on every Python from 3.9 on. The Python standard library is all it needs."""
import argparse
import datetime
import sys

sys.dont_write_bytecode = True

from synthetic import lines, world  # noqa: E402
from synthetic.campaigns import Campaigns  # noqa: E402
from synthetic.cases import Cases  # noqa: E402
from synthetic.corrections import Corrections  # noqa: E402
from synthetic.deals import Deals  # noqa: E402
from synthetic.lives import Lives  # noqa: E402


def parse(arguments):
    parser = argparse.ArgumentParser(
        description="Writes the SYNTHETIC life of a CRM as NDJSON for `touchline append`; nobody in it exists.")
    parser.add_argument("--events", type=int, default=1_000_000, metavar="N", help="how many events (default 1000000)")
    parser.add_argument("--seed", type=int, default=7, help="one seed, one file (default 7)")
    parser.add_argument("--customers", default="auto", metavar="N|auto", help="how many customers; auto: events / 20")
    parser.add_argument("--start", type=datetime.date.fromisoformat, default=datetime.date(2025, 1, 1), metavar="DATE",
                        help="the first day (default 2025-01-01)")
    parser.add_argument("--days", type=int, default=365, metavar="N", help="how many days the life lasts (default 365)")
    parser.add_argument("--shuffle", default="0", metavar="SHARE|all",
                        help="this share of the events arrives late; all: any order (holds the file in memory)")
    parser.add_argument("--corrections", action="store_true",
                        help="sprinkle retractions (also of retractions and of merges), merges and unmerges")
    parser.add_argument("--ids", choices=("none", "short", "uuid"), default="short",
                        help="the events' ids (default short); none: the log names them")
    parser.add_argument("--complaint-effect", type=float, default=0.15, metavar="X",
                        help="chance that a badly handled complaint drives the customer away (default 0.15)")
    parser.add_argument("--out", metavar="FILE", help="where to write (default: standard output)")
    options = parser.parse_args(arguments)
    if options.customers == "auto":
        options.customers = max(10, options.events // 20)
    elif options.customers.isdigit() and int(options.customers) > 0:
        options.customers = int(options.customers)
    else:
        parser.error("--customers takes a whole number from 1, or auto")
    if options.shuffle != "all":
        try:
            options.shuffle = float(options.shuffle)
        except ValueError:
            parser.error("--shuffle takes a share from 0 to 1, or all")
        if not 0 <= options.shuffle <= 1:
            parser.error("--shuffle takes a share from 0 to 1, or all")
    if options.corrections and options.ids == "none":
        parser.error("--corrections names events by id: use --ids short or --ids uuid")
    if options.events < 1 or options.days < 1:
        parser.error("--events and --days take a whole number from 1")
    return options


def generate(options, file):
    """Writes the events; returns how many bytes they are."""
    plain = lines.Lines(file)
    if options.shuffle == "all":
        out = lines.ShuffledLines(plain, lines.Chance(options.seed + 1_000_003))
    elif options.shuffle > 0:
        far = max(2, min(100_000, options.events // 4))
        out = lines.LateLines(plain, options.shuffle, lines.Chance(options.seed + 1_000_003), far)
    else:
        out = plain
    place = world.World(options, lines.Chance(options.seed), out)
    lives = Lives(place, Deals(place), Cases(place))
    Campaigns(place, lives, options.days)
    begin = lives.begin
    if options.corrections:
        corrections = Corrections(place)

        def begin():
            lives.begin()
            corrections.begin()
    try:
        place.run(begin)
    except world.Full:
        pass
    out.finish()
    return plain.bytes, len(place.registered), place.stamps.utc(place.now)


def main():
    options = parse(sys.argv[1:])
    try:
        if options.out:
            with open(options.out, "wb") as file:
                size, customers, last = generate(options, file)
        else:
            size, customers, last = generate(options, sys.stdout.buffer)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        print("generate.py: cannot write: %s" % error, file=sys.stderr)
        return 74
    print("synthetic: %d events, %d customers, until %s, %d bytes (mean line %.0f)"
          % (options.events, customers, last, size, size / options.events), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
