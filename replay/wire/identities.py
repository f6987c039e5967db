"""The wardrobe: dresses requests in live credentials, fetches them when they are needed, renews them once.

    dress(order)   which identity is this actor's, for the credentials that this request carries? are they still good?
                   if not: fetch (one request at a time for each set of credentials; the others wait for it)
    again(...)     after a 401: renew what was worn, unless somebody just did; then the request goes once more

Rule: a renewal is counted and never a finding. Credentials are in memory only; what they are is told to `secrets`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from itertools import count

from replay.identity.claims import parts_of, renewed
from replay.identity.contract import BOUND, CREDENTIALS, Dressed, Order
from replay.identity.freshness import FRUITLESS_SECONDS
from replay.identity.matching import NOBODY, Assigned, Assignment
from replay.identity.outfit import Outfit, dressed, has_fields, is_bound, stripped, with_fields
from replay.identity.places import credentials_in
from replay.identity.secrets import LiveSecrets, Secret
from replay.identity.spec import BASIC, Identity, Jwt, Login, Static
from replay.model.errors import ConfigError
from replay.model.exchange import Outcome, Request
from replay.model.session import Actor
from replay.mutate.sites import is_sign_in
from replay.wire.identities_login import Fetched, FetchError, Send, fetch_token, log_in
from replay.wire.identities_sets import Counts, LiveSet, values_of
from replay.wire.identities_signing import signed

_UNAUTHENTICATED = 401
MOST_SETS = 10_000  # of live credentials in memory: a recording may hold a JWT for every few requests

Reread = Callable[[Identity], Awaitable[Mapping[str, str]]]
"""Reads the values of an identity again: a file or a command may say something else by now."""


class Wardrobe:
    """`servers` send to the target (key: empty) and to every other server that an identity names."""

    def __init__(
        self,
        assignment: Assignment,
        servers: Mapping[str, Send],
        clock: Callable[[], float],
        wall: Callable[[], float],
        secrets: LiveSecrets,
        reread: Reread | None = None,
    ) -> None:
        self.assignment = assignment
        self.secrets = secrets
        self.counts = Counts()
        self._servers = servers
        self._clock = clock
        self._wall = wall
        self._reread = reread
        self._live: dict[tuple[str, int, Actor, str], LiveSet] = {}
        self._by_number: dict[int, LiveSet] = {}
        self._numbers = count()
        self._personal = {one.name for one in assignment.identities if one.speaks_of_actor}
        self._with_login = [one for one in assignment.identities if one.login_fields]

    async def dress(self, order: Order) -> Dressed:
        """The request as this actor of QA sends it."""
        request = order.request
        if order.is_anonymous:
            for identity in self.assignment.identities:
                request = stripped(request, identity.pattern)
            return Dressed(request)
        actor = order.actor or NOBODY
        if self._with_login and not request.is_safe:
            request = self._as_login(request, actor)
        if order.recorded_status == _UNAUTHENTICATED:  # accepted now, it would be another request
            return Dressed(request)
        wanted = self._wanted(order, actor)
        if not wanted:
            return self._without_identity(order, request)
        names: list[str] = []
        worn: list[tuple[int, int]] = []
        lacking = ""
        for live, schemes in wanted:
            identity = live.assigned.identity
            if not identity.prefer and schemes and is_bound(order.request, order.recorded):
                names.append(BOUND)
                continue
            await self._ready(live)
            if not live.fresh.generation:
                lacking = CREDENTIALS
                continue
            request = dressed(request, order.recorded, live.outfit, schemes, prefer=identity.prefer)
            names.append(identity.name)
            worn.append((live.number, live.fresh.generation))
        unresolved = (lacking,) if lacking else ()
        return Dressed(request, names[0] if names else "", unresolved, bool(lacking), tuple(worn))

    def is_refusal(self, order: Order, worn: Dressed, status: int) -> bool:
        """What the recording was answered as well is no refusal."""
        renews = (live.assigned.identity.renew_on for live, _ in self._worn(worn))
        return status != order.recorded_status and any(status in one for one in renews)

    async def again(self, order: Order, worn: Dressed) -> Dressed | None:
        """After a refusal. None: nothing could be renewed, and the answer stands."""
        renewed_any = False
        for live, generation in self._worn(worn):
            if self._can_renew(live) and live.fresh.may_renew(self._clock(), generation):
                await self._renew(live, generation)
                renewed_any = renewed_any or live.fresh.generation > generation
        return await self.dress(order) if renewed_any else None

    def refused(self, worn: Dressed) -> None:
        """A request that was sent once more was refused, too: the next refusals renew nothing for a while."""
        for live, _ in self._worn(worn):
            live.fresh.refused_again(self._clock())

    def conceal(self, outcome: Outcome) -> Outcome:
        return self.secrets.conceal(outcome)

    async def rehearse(self) -> dict[str, str]:
        """Make the first set of credentials of every identity in use; what failed, by identity, in half a sentence."""
        failures: dict[str, str] = {}
        done: set[str] = set()
        for actor, scheme, assigned in self.assignment.users():
            if assigned is None or assigned.identity.name in done or not assigned.identity.dresses:
                continue
            done.add(assigned.identity.name)
            live = self._live_for(assigned, actor, "")
            source = assigned.identity.source
            if isinstance(source, Jwt):  # a key that does not fit is told now; tokens are made from recorded ones
                self._minted(live, source, values_of(assigned, actor))
                continue
            await self._ready(live)
            if live.failure:
                failures[assigned.identity.name] = live.failure
            del scheme
        return failures

    def _as_login(self, request: Request, actor: Actor) -> Request:
        fitting = [one for one in self._with_login if one.match.fits_actor(actor)]
        for identity in sorted(fitting, key=lambda one: -one.match.rank):
            is_login = request.path == identity.login_path if identity.login_path else is_sign_in(request.path)
            if is_login and has_fields(request, [name for name, _ in identity.login_fields]):
                assigned = self.assignment.of(actor, next(iter(identity.match.schemes), ""))
                if assigned is None or assigned.identity is not identity:
                    continue
                values = values_of(assigned, actor)
                return with_fields(request, tuple((name, one.fill(values)) for name, one in identity.login_fields))
        return request

    def _wanted(self, order: Order, actor: Actor) -> list[tuple[LiveSet, frozenset[str]]]:
        """The sets of credentials for this request, each with the schemes that it takes the place of."""
        schemes: dict[int, set[str]] = {}
        found: dict[int, LiveSet] = {}
        tokens: dict[str, str] = {}
        for one in credentials_in(order.recorded):
            assigned = self.assignment.of(actor, one.scheme)
            if assigned is None or not assigned.identity.dresses:
                continue
            is_jwt = isinstance(assigned.identity.source, Jwt)
            token = tokens.setdefault(one.value, one.value if parts_of(one.value) else "") if is_jwt else ""
            live = self._live_for(assigned, actor, token)
            found[live.number] = live
            schemes.setdefault(live.number, set()).add(one.scheme)
        custom = self.assignment.of(actor, "")
        is_new = custom is not None and all(one.assigned.identity is not custom.identity for one in found.values())
        if custom is not None and is_new and custom.identity.pattern.marks(order.recorded):
            live = self._live_for(custom, actor, "")
            found[live.number] = live
        return [(live, frozenset(schemes.get(number, ()))) for number, live in found.items()]

    def _without_identity(self, order: Order, request: Request) -> Dressed:
        if not credentials_in(order.recorded):
            return Dressed(request, BOUND if request is not order.request else "")
        if is_bound(order.request, order.recorded):
            return Dressed(request, BOUND)
        return Dressed(request, is_lacking=True)

    def _live_for(self, assigned: Assigned, actor: Actor, token: str) -> LiveSet:
        identity = assigned.identity
        who = actor if identity.name in self._personal else NOBODY
        key = (identity.name, assigned.account, who, token)
        live = self._live.get(key)
        if live is None:
            live = LiveSet(next(self._numbers), assigned, actor, token)
            self._live[key] = self._by_number[live.number] = live
            if len(self._live) > MOST_SETS:
                oldest = self._live.pop(next(one for one in self._live if one[3] or one == key))
                del self._by_number[oldest.number]
        return live

    def _worn(self, worn: Dressed) -> list[tuple[LiveSet, int]]:
        """What a request wore, as far as it is remembered, and the generation of it."""
        return [(self._by_number[n], generation) for n, generation in worn.worn if n in self._by_number]

    async def _ready(self, live: LiveSet) -> None:
        """There are credentials, and they will last for a request; or there is a failure that is young."""
        if live.fresh.is_due(self._clock()):
            await self._renew(live, live.fresh.generation)

    async def _renew(self, live: LiveSet, seen: int) -> None:
        """Make generation `seen` + 1, unless somebody else did while we waited."""
        async with live.lock:
            now = self._clock()
            if live.fresh.generation > seen or now - live.failed_at < FRUITLESS_SECONDS:
                return
            try:
                fetched = await self._made(live)
            except FetchError as error:
                live.failed_at, live.failure = self._clock(), str(error)
                self.counts.failed += 1
                return
            live.failure = ""
            live.refresh = fetched.refresh
            values = {**values_of(live.assigned, live.actor, live.reread), **fetched.values}
            live.outfit = self._outfit(live, values)
            live.fresh.made(self._clock(), fetched.lifetime)
            if live.fresh.generation == 1:
                self.counts.fetched += 1
            else:
                self.counts.renewed += 1

    async def _made(self, live: LiveSet) -> Fetched:
        identity, source = live.assigned.identity, live.assigned.identity.source
        await self._read_again(live)
        values = values_of(live.assigned, live.actor, live.reread)
        if isinstance(source, Static):
            return Fetched()
        if isinstance(source, Jwt):
            try:
                return self._known(identity, self._minted(live, source, values))
            except ConfigError:
                if not live.reread:
                    raise
                raise FetchError("the key that was read again does not sign") from None
        send = self._servers[identity.server]
        if isinstance(source, Login):
            return self._known(identity, await log_in(source, values, send))
        return self._known(identity, await fetch_token(source.grant, values, send, live.refresh))

    async def _read_again(self, live: LiveSet) -> None:
        """Before a renewal: a file or a command may say something else by now."""
        identity = live.assigned.identity
        if self._reread is None or not identity.rereads or not live.fresh.generation:
            return
        live.reread = {**live.reread, **await self._reread(identity)}
        values = values_of(live.assigned, live.actor, live.reread)
        for name in identity.secret_names & set(values):
            self.secrets.add(Secret(values[name], f"identity {identity.name}: {name}"))
        if BASIC in values:
            self.secrets.add(Secret(values[BASIC], f"identity {identity.name}: {BASIC}", is_basic=True))

    def _minted(self, live: LiveSet, source: Jwt, values: Mapping[str, str]) -> Fetched:
        parts = parts_of(live.token)
        now = self._wall()
        claims = renewed(source.minting, parts[1] if parts else {}, live.actor, values, now)
        kid = source.minting.kid.fill(values) if source.minting.kid else ""
        token = signed(claims, source.minting.key.fill(values), source.minting.algorithm, kid)
        end = claims.get("exp")
        lifetime = float(end) - now if isinstance(end, int | float) else math.inf
        return Fetched({"jwt": token}, lifetime)

    def _outfit(self, live: LiveSet, values: Mapping[str, str]) -> Outfit:
        pattern = live.assigned.identity.pattern
        if not live.token:
            return pattern.filled(values)
        rest = pattern.without("jwt").filled(values)
        return Outfit(rest.headers, rest.query, rest.cookies, rest.fields, {live.token: values["jwt"]})

    def _can_renew(self, live: LiveSet) -> bool:
        identity = live.assigned.identity
        return not isinstance(identity.source, Static) or (identity.rereads and self._reread is not None)

    def _known(self, identity: Identity, fetched: Fetched) -> Fetched:
        """Tell `secrets` what is live from now on."""
        for name, text in fetched.values.items():
            if name != "token_type":
                self.secrets.add(Secret(text, f"identity {identity.name}: {name}"))
        if fetched.refresh:
            self.secrets.add(Secret(fetched.refresh, f"identity {identity.name}: refresh_token"))
        return fetched
