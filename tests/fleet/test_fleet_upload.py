"""Taps go up over a line that loses, doubles and cuts off; none is lost and none counts twice."""

from collections.abc import Callable

from fleet_world import ACCOUNT_CARD, CITY_KEY, Device, Faulty, Town, code_of, must
from msgspec.structs import replace

from tongxing.city import City
from tongxing.deciding import MediumToken
from tongxing.fares import load_city_fares
from tongxing.gate.journal import unnumbered
from tongxing.gate.link import Answer, Link
from tongxing.gate.offline import OfflineRules
from tongxing.gate.pacing import Backoff, Pace
from tongxing.gate.running.means import Means
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import sha256_hex
from tongxing.messages import KeyRing, TapBatch, seal
from tongxing.messages.taps import Tap

Make = Callable[..., Device]


def test_a_step_sends_all_there_is_and_lets_go_against_the_receipt(
    town: Town, device: Make
) -> None:
    gate = device()
    gate.rides(1_200)
    stepped = gate.step()
    assert (stepped.online, stepped.acknowledged, stepped.refusals) == (True, 1_200, ())
    assert gate.waiting() == 0
    assert town.taps() == [("IN", number) for number in range(1, 1_201)]


def test_what_is_lost_or_cut_off_after_the_commit_comes_again_and_counts_once(
    town: Town, device: Make
) -> None:
    line = Faulty(town.address)
    gate = device(line=line)
    gate.rides(1_700)
    line.plan = ["lost", "cut", "doubled", ""]
    first = gate.step()
    assert not first.online
    assert first.acknowledged == 700
    assert gate.waiting() == 1_000
    assert gate.later(1).acknowledged == 0  # not yet: it waits a little
    assert gate.later(10).acknowledged == 1_000
    assert gate.waiting() == 0
    assert town.taps() == [("IN", number) for number in range(1, 1_701)]
    seen = town.ask("SELECT sum(times_seen) FROM upload")
    assert seen == [(6,)]  # four batches, one doubled and one again after its answer was cut off


def test_batches_in_any_order_give_the_same_taps(town: Town, device: Make) -> None:
    gate = device()
    gate.rides(1_100)
    line = Link(town.address)
    for message in reversed(must(gate.site.next_batches(5))):
        answer = line.post("/v1/batches", message)
        assert answer.body is not None
        must(gate.site.take_receipt(answer.body, town.clock.now_s))
    assert gate.waiting() == 0
    assert len(town.taps()) == 1_100


def test_no_status_alone_lets_a_gate_forget(town: Town, device: Make) -> None:
    gate = device()
    gate.rides(3)
    message = must(gate.site.next_batch())
    assert Link(town.address).post("/v1/batches", message).body is not None
    assert gate.waiting() == 3
    other = device("YZL", "Y-IN")
    other.rides(3, "Y-IN")
    receipt = Link(town.address).post("/v1/batches", must(other.site.next_batch())).body
    assert receipt is not None
    assert code_of(gate.site.take_receipt(receipt, town.clock.now_s)) == "RECEIPT_OTHER_SITE"
    assert gate.waiting() == 3


def test_a_restart_in_the_middle_sends_the_same_batches(town: Town, device: Make) -> None:
    line = Faulty(town.address)
    gate = device(line=line)
    gate.rides(600)
    line.plan = ["cut", "lost"]
    gate.step()
    gate.restart()
    assert gate.later(30).acknowledged == 600
    batches = [message for path, message in line.sent if path.endswith("batches")]
    assert sorted(batches[:2]) == sorted(batches[2:])


def test_a_batch_the_city_will_not_take_stays_and_holds_up_no_other(
    town: Town, device: Make
) -> None:
    gate = device(pace=Pace(in_flight=1, refused_again_s=900))
    gate.rides(500)
    must(gate.site.next_batches(1))
    gate.rides(2)
    bad = must(gate.site.next_batches(1))[0]
    link, refused = Link(town.address), []

    class Picky(Faulty):
        healed = False

        def post(self, path: str, message: bytes) -> Answer:
            if message == bad and not self.healed:
                refused.append(message)
                return link.post(path, seal(TapBatch(site="NOBODY", taps=[]), gate.identity.key))
            return super().post(path, message)

    gate.line = Picky(town.address)
    gate.restart()
    stepped = gate.step()
    assert [refusal.code for refusal in stepped.refusals] == ["IDENTITY_MISMATCH"]
    assert (stepped.acknowledged, gate.waiting(), len(refused)) == (2, 500, 1)
    assert stepped.refused == {sha256_hex(bad): "IDENTITY_MISMATCH"}
    assert stepped.went_well, "an answer is no silence"
    gate.later(70)
    assert len(refused) == 1
    [told] = town.desk.devices(town.clock.now_s)
    assert (told.notices, told.missing) == (("batches_refused",), 0)
    [event] = town.desk.events()
    assert dict(event.values) == {"count": "1", "codes": "IDENTITY_MISMATCH"}
    gate.later(900)
    assert len(refused) == 2
    gate.line.healed = True
    assert gate.later(900).acknowledged == 500
    gate.later(70)
    assert town.desk.devices(town.clock.now_s)[0].notices == ()


def test_a_refused_batch_is_no_silence_but_its_rides_count_on(town: Town, device: Make) -> None:
    """Offline quotas begin anew, but for the rides that the city has not been able to take."""
    gate, quota = device(), OfflineRules().quota_at(0)
    gate.tap(ACCOUNT_CARD)
    first = must(gate.journal.newest(1))[0]
    for _ in range(quota - 1):
        must(gate.journal.append(replace(first, ref=unnumbered("IN"))))
    bad = must(gate.site.next_batches(1))[0]
    means = must(Means.open(gate.journal, gate.clock.now_s, lambda: 0.0))
    other = replace(ACCOUNT_CARD, medium_no="5000000000000099")

    def shut_out(token: MediumToken) -> bool:
        limits = means.clearance.limits
        return limits.refusal(token, "entry", gate.clock.now_s) is not None

    for _ in range(quota):
        means.clearance.limits.note(other, "entry")
    assert (shut_out(ACCOUNT_CARD), shut_out(other)) == (True, True)
    must(means.heard(gate.site, gate.clock.now_s, 0.0, 0.0, 9))
    assert means.settled(gate.site) is None
    assert shut_out(other), "taps wait, and nobody said why"
    assert means.settled(gate.site, {sha256_hex(bad)}) is None
    assert (shut_out(ACCOUNT_CARD), shut_out(other)) == (True, False)
    means = must(Means.open(gate.journal, gate.clock.now_s, lambda: 0.0))
    assert (shut_out(ACCOUNT_CARD), shut_out(other)) == (True, False), "also after a restart"


def test_a_city_restored_from_a_backup_asks_for_what_it_lost(town: Town, device: Make) -> None:
    gate = device()
    gate.rides(1_500)
    assert gate.step().acknowledged == 1_500
    assert gate.later(61).online  # the city knows now that it has all of them
    with town.office.alone() as cursor:
        cursor.execute("DELETE FROM tap WHERE seq > 700")
        cursor.execute("UPDATE device_numbers SET whole_to = 650")
    gate.later(61)
    assert town.taps() == [("IN", number) for number in range(1, 1_501)]
    assert gate.waiting() == 0


def test_a_restored_city_gets_what_its_gates_still_have(town: Town, device: Make) -> None:
    gate = device()
    gate.rides(600)
    assert gate.step().acknowledged == 600
    gate.rides(700)
    town.clock.now_s += 20 * DAY_S
    assert gate.later(61).acknowledged == 700
    assert gate.journal.forget(town.clock.now_s + 15 * DAY_S) == 600
    with town.office.alone() as cursor:
        cursor.execute("DELETE FROM tap")
        cursor.execute("DELETE FROM device_numbers")
    gate.later(61)
    gate.later(61)
    assert town.taps() == [("IN", number) for number in range(601, 1_301)]
    assert gate.waiting() == 0


def test_an_old_image_of_a_storage_put_back_begins_a_new_epoch(town: Town, device: Make) -> None:
    gate = device()
    gate.rides(5)
    gate.step()
    gate.journal.close()
    image = (gate.folder / "j.db").read_bytes()
    gate.restart()
    gate.rides(5)
    gate.later(61)
    gate.journal.close()
    for path in gate.folder.glob("j.db*"):
        path.unlink()
    (gate.folder / "j.db").write_bytes(image)
    gate.restart()
    gate.later(61)
    gate.rides(1)
    gate.later(61)
    epochs = town.ask("SELECT epoch, count(*) FROM tap GROUP BY 1 ORDER BY 1")
    assert epochs == [(77, 10), (99, 1)]


def test_a_storage_put_in_where_the_one_before_told_of_another_decade_is_heard(
    town: Town, device: Make
) -> None:
    """The clock had been ten years ahead, and the numbers of heartbeats with it."""
    gate = device()
    gate.step()
    with town.office.alone() as cursor:
        cursor.execute("UPDATE device_heartbeat SET number = number + %s", (3_650 * DAY_S,))
    gate.rides(3)
    codes = [code_of(one) for _ in range(8) for one in gate.later(121).refusals]
    assert codes == ["HEARTBEAT_OLD"] * 4
    assert (gate.waiting(), town.desk.devices(town.clock.now_s)[0].late) == (0, False)


def test_the_wait_doubles_to_its_bound_and_is_never_the_same_for_all() -> None:
    most = Backoff(Pace(first_s=2, longest_s=120), lambda: 0.999)
    waits = [most.failed() for _ in range(12)]
    assert waits == sorted(waits)
    assert waits[0] <= 2
    assert 100 < waits[-1] <= 120
    least = Backoff(Pace(first_s=2, longest_s=120), lambda: 0.0)
    assert least.failed() == 1.0
    assert least.failed(at_least_s=60) == 60


def test_a_device_that_is_cut_off_does_not_call_all_the_time(town: Town, device: Make) -> None:
    calls = []

    class Dead(Faulty):
        def post(self, path: str, message: bytes) -> Answer:
            calls.append(path)
            self.plan = ["lost"]
            return super().post("/v1/batches", b"")

    gate = device(line=Dead(town.address))
    for _ in range(3_600):
        gate.later(1)
    assert 30 <= len(calls) <= 70


def test_the_deny_list_comes_when_there_is_a_newer_one(town: Town, device: Make) -> None:
    gate = device()
    city = City("500000", town.database, CITY_KEY, KeyRing({}), load_city_fares("500000"))
    assert city.report_lost(ACCOUNT_CARD.medium_no) is None
    city.publish_deny_list(town.clock.now_s)
    assert gate.step().refusals == ()
    assert gate.site.deny.version == 1
    assert gate.tap(ACCOUNT_CARD)[0] == "MEDIUM_LOST"
    city.publish_deny_list(town.clock.now_s)
    city.close()
    gate.later(61)
    assert gate.site.deny.version == 2
    gate.restart()
    assert gate.tap(ACCOUNT_CARD)[0] == "MEDIUM_LOST"


def test_a_tap_of_a_bigger_clock_does_not_stop_the_others(town: Town, device: Make) -> None:
    gate, other = device(), device("YZL", "Y-IN")
    gate.rides(1)
    tap: Tap = must(gate.journal.unsent(1))[0]
    for strange in ({"time_s": 10**15}, {"station": "a\0b"}):
        batch = TapBatch(site=gate.site.name, taps=[replace(tap, **strange)])
        answer = Link(town.address).post("/v1/batches", seal(batch, gate.identity.key))
        assert code_of(answer.refusal) == "MESSAGE_BODY"
        assert answer.final
    other.rides(2, "Y-IN")
    assert other.step().acknowledged == 2
    assert town.taps() == [("Y-IN", 1), ("Y-IN", 2)]
