"""CloudFront's functions, which moto lacks.

Create and publish return a summary, describe the requested stage, get the code.
"""
import re
from base64 import b64decode
from urllib.parse import parse_qs, unquote, urlparse

import moto.cloudfront.urls as cloudfront_urls

_NS = 'xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"'
_functions: dict[str, dict] = {}


def _function_summary(name, stage):
    f = _functions[name]
    return (f"<FunctionSummary><Name>{name}</Name><Status>{'DEPLOYED' if stage == 'LIVE' else 'UNPUBLISHED'}</Status>"
            f"<FunctionConfig><Comment>{f['comment']}</Comment><Runtime>{f['runtime']}</Runtime></FunctionConfig>"
            f"<FunctionMetadata><FunctionARN>arn:aws:cloudfront::123456789012:function/{name}</FunctionARN>"
            f"<Stage>{stage}</Stage><CreatedTime>2026-01-01T00:00:00Z</CreatedTime>"
            f"<LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime></FunctionMetadata></FunctionSummary>")


def _xml_text(text, name):
    found = re.search(f"<{name}>(.*?)</{name}>", text, re.S)
    return found.group(1) if found else ""


def _function_handler(request, full_url, headers):
    url = urlparse(full_url)
    parts = [unquote(p) for p in url.path.split("/2020-05-31/function")[1].strip("/").split("/") if p]
    name, action = [*parts, "", ""][:2]
    stage = parse_qs(url.query).get("Stage", ["DEVELOPMENT"])[0]
    text = request.get_data(as_text=True) if hasattr(request, "get_data") else (request.body or b"").decode()
    if request.method in ("POST", "PUT") and action != "publish":
        name = name or _xml_text(text, "Name")
        old = _functions.get(name, {"version": 0})
        _functions[name] = {"comment": _xml_text(text, "Comment"), "runtime": _xml_text(text, "Runtime"),
                            "code": b64decode(_xml_text(text, "FunctionCode")), "version": old["version"] + 1}
    if name not in _functions:
        error = "<Type>Sender</Type><Code>NoSuchFunctionExists</Code><Message>none</Message>"
        return 404, {"Content-Type": "text/xml"}, f"<ErrorResponse {_NS}><Error>{error}</Error></ErrorResponse>"
    etag = {"ETag": f"EF{_functions[name]['version']}", "Content-Type": "text/xml"}
    if request.method == "DELETE":
        del _functions[name]
        return 204, {}, ""
    if request.method == "GET" and not action:
        return 200, {**etag, "Content-Type": "application/octet-stream"}, _functions[name]["code"]
    if action == "publish":
        stage = "LIVE"
    created = {"Location": url.path} if request.method == "POST" and not action else {}
    return 201 if created else 200, {**etag, **created}, _function_summary(name, stage)


for _path in ("$", "/(?P<function>[^/]+)$", "/(?P<function>[^/]+)/(?P<action>publish|describe)$"):
    cloudfront_urls.url_paths.setdefault("{0}/2020-05-31/function" + _path, _function_handler)
