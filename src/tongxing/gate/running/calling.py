"""The line on which a gate calls its city: where it enrolled, or what its `[uplink]` says."""

from tongxing.broker import NOBODY, read_login
from tongxing.gate.identity import Identity
from tongxing.gate.lines import DeviceLine, line_to
from tongxing.gate.running.config import Written
from tongxing.kernel.reasons import Refusal


def line_of(written: Written, device: Identity) -> DeviceLine | Refusal:
    """The line of an enrolled device; nothing is connected yet.

    Refuses what `line_to` and `read_login` refuse, with where the configuration names it.
    """
    spec, ca = written.config.uplink, written.config.keys.ca
    login = read_login(written.file(spec.login)) if spec.login else NOBODY
    if isinstance(login, Refusal):
        return Refusal(login.code, written.at("uplink", "login"), login.values)
    address = spec.address or device.facts.address
    line = line_to(address, written.file(ca) if ca else None, login)
    if isinstance(line, Refusal) and spec.address:
        return Refusal(line.code, written.at("uplink", "address"), line.values)
    return line
