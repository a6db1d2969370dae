"""The file that answers a data request, behind the link in the merchant's mail."""

from io import BytesIO

from flask import Response, send_file

from app.channels.links import Purpose
from app.customer_pages.frame import blueprint, page, read_link
from app.db.privacy import export_by_token
from app.http import current_deps


@blueprint.get("/x/<token>")
def download(token: str) -> Response:
    """The file while it is kept, then a page that says that it is gone."""
    data = read_link(Purpose.EXPORT, token)
    deps = current_deps()
    with deps.db.read() as uow:
        found = export_by_token(uow, data.get("t", ""), deps.wall.now())
    if found is None:
        return page("export_gone.html", None, 410)
    _, filename, content = found
    response: Response = send_file(
        BytesIO(content), mimetype="application/json", as_attachment=True, download_name=filename
    )
    response.headers["Cache-Control"] = "no-store"  # send_file says "no-cache", which may store
    return response
