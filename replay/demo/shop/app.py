"""The shop's routes."""

from __future__ import annotations

from aiohttp import web

from replay.demo.shop import accounts, admin, auth, courses, enrolments, invoices, notes, search
from replay.demo.shop.answers import answer, errors_as_json
from replay.demo.shop.state import SHOP, Shop


async def _health(_: web.Request) -> web.Response:
    return answer({"status": "ok"})


ROUTES: tuple[web.RouteDef, ...] = (
    web.get("/healthz", _health),
    web.post("/api/signup", accounts.signup),
    web.post("/api/register", accounts.register),
    web.post("/api/login", auth.login),
    web.get("/api/me", accounts.show_me),
    web.patch("/api/me", accounts.change_me),
    web.post("/api/courses", courses.create_course),
    web.get("/api/courses", courses.list_courses),
    web.get("/api/courses/{id}", courses.show_course),
    web.patch("/api/courses/{id}", courses.change_course),
    web.get("/api/catalog/featured", courses.featured),
    web.post("/api/courses/{id}/enrolments", enrolments.enrol),
    web.get("/api/enrolments", enrolments.list_enrolments),
    web.get("/api/enrolments/{id}", enrolments.show_enrolment),
    web.get("/api/invoices", invoices.list_invoices),
    web.get("/api/invoices/{id}", invoices.show_invoice),
    web.post("/api/notes", notes.create_note),
    web.get("/api/notes", notes.list_notes),
    web.get("/api/notes/{id}", notes.show_note),
    web.patch("/api/notes/{id}", notes.change_note),
    web.delete("/api/notes/{id}", notes.delete_note),
    web.get("/api/search", search.search),
    web.get("/api/admin/users", admin.list_users),
    web.get("/api/admin/report", admin.report),
)


def build_app(shop: Shop) -> web.Application:
    """The web application of one shop."""
    app = web.Application(middlewares=[errors_as_json])
    app[SHOP] = shop
    app.add_routes(ROUTES)
    return app
