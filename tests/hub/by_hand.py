"""Worked days by hand: a notation in which a person writes down what a clearing day comes to.

Nothing here knows the clearing house's program. A day's verdicts, splits, fees and payments are
numbers that a person worked out (the sums stand beside them); this file only writes them out as
journals, in the form of the chart of accounts, and adds the journals up.
"""

from collections import defaultdict
from typing import Any

Day = dict[str, Any]
Shares = dict[str, int]

INVARIANTS = """
I1 every journal balances inside every entity
I2 trial balance of all entities is zero
I3 hub positions + hub fee income + escrow = 0 before settlement
I4 each participant's due_hub mirrors the hub's position
I5 all positions are zero after settlement
I6 hub bank after the epilogue = hub fee income
I7 operators: due_acq zero, mirrors acquirer due_op
I8 float bank = customer liability for each issuer
I9 operator bank = fare revenue - fees
I10 no pending item left
I11 records in = accepted + held + rejected
I12 net debit caps respected, reservations included
I13 subsidies are outside the daily net
S1 no two accepted records share a natural key
S2 posted part of a reservation = the trip posted for it
S3 fee base = accepted cross-city fares - refunds
S4 nothing is taken from a card whose loss was reported
S5 accepted fares = operator fare revenue before reversals
S6 no half trip left without a trip or a reservation
I14 200 random arrival orders give the same money
I15 presenting every file twice changes nothing
""".strip().splitlines()


class Books:
    """Journals written down one after the other, and what they add up to."""

    def __init__(self, opening: list[list[Any]]) -> None:
        self.journals: list[Day] = []
        self.totals: dict[str, int] = defaultdict(int)
        for entity, account, fen in opening:
            self.totals[f"{entity}:{account}"] += fen

    def write(self, kind: str, ref: str, at: str, lines: str, of: str = "DAILY") -> None:
        """A journal; each line is ``entity Dr|Cr account fen``: fen below zero stand on the other
        side, lines of nothing are left out."""
        written = []
        for line in lines.strip().splitlines():
            entity, side, account, fen = line.split()
            amount = int(fen)
            if amount:
                is_debit = (side == "Dr") == (amount > 0)
                debit, credit = (abs(amount), 0) if is_debit else (0, abs(amount))
                self.totals[f"{entity}:{account}"] += debit - credit
                line_of = {"entity": entity, "account": account}
                written.append({**line_of, "debit": debit, "credit": credit})
        number = f"J{len(self.journals) + 1:03d}"
        head = {"journal_id": number, "kind": kind, "ref": ref, "at": at, "settlement_class": of}
        self.journals.append({**head, "lines": written})

    def balances(self) -> dict[str, int]:
        """All accounts that are not zero."""
        return {name: fen for name, fen in sorted(self.totals.items()) if fen}

    def trip(
        self, ref: str, at: str, iss: str, acq: str, payer: str, shares: Shares, kind: str = "TRIP"
    ) -> None:
        """Journal 1: a ride."""
        fen = sum(shares.values())
        parts = "".join(
            f"{acq} Cr due_op:{op} {part}\n{op} Dr due_acq {part}\n{op} Cr rev_fare {part}\n"
            for op, part in shares.items()
        )
        self.write(
            kind,
            ref,
            at,
            f"{iss} Dr {payer} {fen}\n{iss} Cr due_hub {fen}\nHUB Dr pos:{iss} {fen}\n"
            f"HUB Cr pos:{acq} {fen}\n{acq} Dr due_hub {fen}\n{parts}",
        )

    def fee(self, at: str, iss: str, acq: str, to: tuple[int, int, int], borne: Shares) -> None:
        """Journal 2: a clearing fee, to issuer, acquirer and hub, borne by operators."""
        f_iss, f_acq, f_hub = to
        parts = "".join(
            f"{op} Dr exp_fee {part}\n{op} Cr due_acq {part}\n{acq} Dr due_op:{op} {part}\n"
            for op, part in borne.items()
        )
        self.write(
            "CLEARING_FEE",
            f"{acq}<-{iss}",
            at,
            f"{parts}{acq} Cr due_hub {f_iss + f_hub}\n{acq} Cr inc_fee {f_acq}\n"
            f"HUB Dr pos:{acq} {f_iss + f_hub}\nHUB Cr pos:{iss} {f_iss}\n"
            f"{iss} Dr due_hub {f_iss}\n{iss} Cr inc_fee {f_iss}\nHUB Cr inc_fee {f_hub}",
        )

    def refund(
        self, ref: str, at: str, iss: str, acq: str, payer: str, operator: str, fen: int
    ) -> None:
        """Journal 3: a credit adjustment."""
        self.write(
            "CREDIT_ADJUSTMENT",
            ref,
            at,
            f"{operator} Dr rev_fare {fen}\n{operator} Cr due_acq {fen}\n"
            f"{acq} Dr due_op:{operator} {fen}\n{acq} Cr due_hub {fen}\n"
            f"HUB Dr pos:{acq} {fen}\nHUB Cr pos:{iss} {fen}\n"
            f"{iss} Dr due_hub {fen}\n{iss} Cr {payer} {fen}",
        )

    def subsidy(self, window: str, at: str, parts: Shares) -> None:
        """What the authority of City A owes operators for reduced fares, settled by the month."""
        lines = "".join(
            f"{op} Dr subsidy_receivable {fen}\n{op} Cr rev_subsidy {fen}\n"
            f"GOV-A Dr exp_subsidy {fen}\nGOV-A Cr subsidy_payable:{op} {fen}\n"
            for op, fen in parts.items()
        )
        self.write("SUBSIDY_ACCRUAL", window, at, lines, "MONTHLY")

    def fault(self, ref: str, at: str, who: str, fen: int) -> None:
        """The fee of whoever was at fault."""
        self.write(
            "ERROR_HANDLING_FEE",
            ref,
            at,
            f"{who} Dr exp_error_fee {fen}\n{who} Cr due_hub {fen}\n"
            f"HUB Dr pos:{who} {fen}\nHUB Cr inc_fee {fen}",
        )

    def chargeback(self, ref: str, at: str, acq: str, fen: int) -> None:
        """Journal 4: a disputed amount goes into escrow."""
        self.write(
            "CHARGEBACK_TO_ESCROW",
            ref,
            at,
            f"{acq} Dr due_from_escrow {fen}\n{acq} Cr due_hub {fen}\n"
            f"HUB Dr pos:{acq} {fen}\nHUB Cr escrow_dispute {fen}",
        )

    def won(self, ref: str, at: str, iss: str, acq: str, payer: str, shares: Shares) -> None:
        """The issuer gets it (or a part), and the operators give it back."""
        fen = sum(shares.values())
        self.write(
            "DISPUTE_WON_BY_ISSUER",
            ref,
            at,
            f"HUB Dr escrow_dispute {fen}\nHUB Cr pos:{iss} {fen}\n"
            f"{iss} Dr due_hub {fen}\n{iss} Cr {payer} {fen}",
        )
        parts = "".join(
            f"{acq} Dr due_op:{op} {part}\n{op} Dr rev_fare {part}\n{op} Cr due_acq {part}\n"
            for op, part in shares.items()
        )
        lines = f"{acq} Cr due_from_escrow {fen}\n{parts}"
        self.write("DISPUTE_RECOVER_FROM_OPERATORS", ref, at, lines)

    def lost(self, ref: str, at: str, acq: str, fen: int) -> None:
        """The acquirer gets it back."""
        self.write(
            "DISPUTE_WON_BY_ACQUIRER",
            ref,
            at,
            f"HUB Dr escrow_dispute {fen}\nHUB Cr pos:{acq} {fen}\n"
            f"{acq} Dr due_hub {fen}\n{acq} Cr due_from_escrow {fen}",
        )

    def pays(self, ref: str, at: str, member: str, fen: int) -> None:
        """A debtor pays the hub."""
        bank = "bank_float" if member.startswith("ISS") else "bank"
        self.write(
            "SETTLE_IN",
            ref,
            at,
            f"{member} Dr due_hub {fen}\n{member} Cr {bank} {fen}\n"
            f"HUB Dr settle_bank {fen}\nHUB Cr pos:{member} {fen}",
        )

    def gets(self, ref: str, at: str, member: str, fen: int) -> None:
        """The hub pays a creditor."""
        bank = "bank_float" if member.startswith("ISS") else "bank"
        self.write(
            "SETTLE_OUT",
            ref,
            at,
            f"HUB Dr pos:{member} {fen}\nHUB Cr settle_bank {fen}\n"
            f"{member} Dr {bank} {fen}\n{member} Cr due_hub {fen}",
        )

    def payout(self, ref: str, at: str, acq: str, operator: str, fen: int) -> None:
        """An acquirer pays its operator."""
        self.write(
            "OPERATOR_PAYOUT",
            ref,
            at,
            f"{acq} Dr due_op:{operator} {fen}\n{acq} Cr bank {fen}\n"
            f"{operator} Dr bank {fen}\n{operator} Cr due_acq {fen}",
        )

    def recovery(self, ref: str, at: str, acq: str, operator: str, fen: int) -> None:
        """An operator pays its acquirer."""
        self.write(
            "OPERATOR_RECOVERY",
            ref,
            at,
            f"{operator} Dr due_acq {fen}\n{operator} Cr bank {fen}\n"
            f"{acq} Dr bank {fen}\n{acq} Cr due_op:{operator} {fen}",
        )

    def true_up(self, at: str, issuer: str, fen: int) -> None:
        """An issuer puts its own money into the float (above zero), or takes it out."""
        if fen > 0:
            lines = f"{issuer} Dr bank_float {fen}\n{issuer} Cr bank_own {fen}"
            self.write("FLOAT_TRUE_UP", issuer, at, lines, "INTERNAL")
        else:
            lines = f"{issuer} Dr bank_own {-fen}\n{issuer} Cr bank_float {-fen}"
            self.write("FLOAT_SWEEP", issuer, at, lines, "INTERNAL")


def results(table: str) -> list[Day]:
    """Verdicts: ``record issuer acquirer gross expected paid lag state code flags split``, flags
    and split as ``-`` or comma lists, ``nothing`` for the split of a ride that costs nothing."""
    found = []
    for line in table.strip().splitlines():
        name, iss, acq, gross, expected, paid, lag, state, code, flags, split = line.split()
        row: Day = {
            "record_id": name,
            "issuer": iss,
            "acquirer": acq,
            "tier": "LOCAL" if iss[-1] == acq[-1] else "CROSS_CITY",
            "gross": int(gross),
            "expected_paid": int(expected),
            "paid": int(paid),
            "lag_days": int(lag),
            "state": state,
            "code": code,
            "flags": [] if flags == "-" else flags.split(","),
        }
        if split == "nothing":
            row["operator_split"] = {}
        elif split != "-":
            parts = [part.split("=") for part in split.split(",")]
            row["operator_split"] = {operator: int(fen) for operator, fen in parts}
        found.append(row)
    return found


def positions(table: str, window: str, reserve: dict[str, int], test: str = "") -> Day:
    """Positions and the position report of ``member debit credit``; `test` likewise for trials."""
    trial = {row.split()[0]: row.split()[1:] for row in test.strip().splitlines()}
    found, report = [], []
    for line in table.strip().splitlines():
        member, debit, credit = line.split()
        net = int(debit) - int(credit)
        side = "PAYS" if net > 0 else "RECEIVES" if net < 0 else "NOTHING"
        found.append(
            {
                "participant": member,
                "gross_debit": int(debit),
                "gross_credit": int(credit),
                "net": net,
                "side": side,
                "reserve": reserve[member],
            }
        )
        test_pay, test_income = map(int, trial.get(member, ["0", "0"]))
        report.append(
            {
                "sett_date": window[1:],
                "org": member,
                "income": int(credit),
                "pay": int(debit),
                "test_income": test_income,
                "test_pay": test_pay,
                "reserve_change": -net,
                "sign": "D" if net > 0 else "C",
            }
        )
    return {"positions": found, "bp_report": report}


def instructions(table: str, window: str) -> Day:
    """Payments of ``phase debtor creditor fen``, numbered in this order."""
    found: Day = {"settlement_instructions": [], "operator_payouts": []}
    for number, line in enumerate(table.strip().splitlines(), start=1):
        phase, debtor, creditor, fen = line.split()
        key = "operator_payouts" if phase == "3" else "settlement_instructions"
        found[key].append(
            {
                "instruction_id": f"{window}-{number:02d}",
                "msg": "pain.001" if phase == "3" else "pacs.009",
                "debtor": "HUB-SETTLEMENT" if debtor == "HUB" else debtor,
                "creditor": "HUB-SETTLEMENT" if creditor == "HUB" else creditor,
                "amount": int(fen),
                "phase": int(phase),
            }
        )
    return found


def fees(table: str) -> list[Day]:
    """Fees of ``acquirer issuer base exact fee to_issuer to_acquirer to_hub borne_by``."""
    found = []
    for line in table.strip().splitlines():
        acq, iss, base, exact, fee, to_iss, to_acq, to_hub, borne = line.split()
        parts = [part.split("=") for part in borne.split(",")]
        found.append(
            {
                "acquirer": acq,
                "issuer": iss,
                "base": int(base),
                "exact_fee": exact,
                "fee": int(fee),
                "issuer_share": int(to_iss),
                "acquirer_share": int(to_acq),
                "hub_share": int(to_hub),
                "borne_by": {operator: int(fen) for operator, fen in parts},
            }
        )
    return found


def pending(table: str) -> list[Day]:
    """Reservations of ``ref name at payer payee fen expires state posted resolved``."""
    found = []
    for line in table.strip().splitlines():
        ref, name, at, payer, payee, fen, expires, state, posted, resolved = line.split()
        found.append(
            {
                "pending_id": f"P-{name}",
                "ref": ref,
                "at": at,
                "payer": payer,
                "payee": payee,
                "amount": int(fen),
                "expires": expires,
                "state": state,
                "posted": int(posted),
                "released": int(fen) - int(posted),
                "resolved_at": resolved,
            }
        )
    return found


def paired_trips(table: str) -> list[Day]:
    """Trips of half taps: ``name account entry exit leg media how at``, commas in media, ``_`` for
    a space."""
    found = []
    for line in table.strip().splitlines():
        name, account, entry, exit_, leg, media, how, at = line.split()
        found.append(
            {
                "record_id": name,
                "account_id": account,
                "entry": None if entry == "-" else entry,
                "exit": None if exit_ == "-" else exit_,
                "leg": leg,
                "media": media.replace("_", " ").replace(",", ", "),
                "how": how,
                "at": at,
            }
        )
    return found


def true_ups(table: str) -> list[Day]:
    """Floats of ``issuer liability float``."""
    keys = ("issuer", "customer_liability", "float_before")
    rows = [dict(zip(keys, line.split(), strict=True)) for line in table.strip().splitlines()]
    return [
        {
            "issuer": row["issuer"],
            "customer_liability": int(row["customer_liability"]),
            "float_before": int(row["float_before"]),
            "true_up": int(row["customer_liability"]) - int(row["float_before"]),
        }
        for row in rows
    ]


def counts(found: list[Day], halves: int = 0) -> dict[str, int]:
    """How many records (not half trips, which stand last) are in each state."""
    tally: dict[str, int] = defaultdict(int)
    for row in found[: len(found) - halves]:
        tally[row["state"]] += 1
    return dict(tally)
