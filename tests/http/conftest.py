from tests.http.web_process import web

__all__ = ["web"]
