"""CloudFront's cache, origin request and response headers policies, including the managed ones."""
import re
import uuid
from urllib.parse import parse_qs, urlparse

import moto.cloudfront.urls as cloudfront_urls

_MANAGED = {
    "cache-policy": {"Managed-CachingOptimized": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                     "Managed-CachingDisabled": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"},
    "origin-request-policy": {"Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
                              "Managed-CORS-S3Origin": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"},
    "response-headers-policy": {"Managed-SecurityHeadersPolicy": "67f7725c-6f97-4210-82d7-5512b31e9d03"},
}
_ELEMENT = {"cache-policy": "CachePolicy", "origin-request-policy": "OriginRequestPolicy",
            "response-headers-policy": "ResponseHeadersPolicy"}
_policies: dict[str, dict[str, str]] = {}
_NS = 'xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"'


def _policy_handler(request, full_url, headers):
    url = urlparse(full_url)
    kind, _, rest = url.path.split("/2020-05-31/")[1].partition("/")
    element, store = _ELEMENT[kind], _policies.setdefault(kind, {})
    ident = rest.split("/")[0]

    def one(i, ns=""):
        return (f"<{element}{ns}><Id>{i}</Id><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>"
                f"{store[i]}</{element}>")

    def answer(status, body, i=""):
        return status, {"Content-Type": "text/xml", "ETag": f"E{i[:12].upper()}", "Location": f"{url.path}/{i}"}, body

    for name, i in _MANAGED[kind].items():
        store.setdefault(i, f"<{element}Config><Name>{name}</Name></{element}Config>")
    if request.method == "GET" and not ident:
        wanted = parse_qs(url.query).get("Type", [""])[0]
        items = [i for i in store if not wanted or (i in _MANAGED[kind].values()) == (wanted == "managed")]
        rows = "".join(f"<{element}Summary><Type>{'managed' if i in _MANAGED[kind].values() else 'custom'}</Type>{one(i)}</{element}Summary>" for i in items)
        return answer(200, f"<{element}List {_NS}><MaxItems>100</MaxItems><Quantity>{len(items)}</Quantity><Items>{rows}</Items></{element}List>")
    if request.method in ("POST", "PUT"):
        ident = ident or str(uuid.uuid4())
        text = request.get_data(as_text=True) if hasattr(request, "get_data") else request.body
        store[ident] = re.sub(r'\sxmlns="[^"]*"|<\?xml[^>]*\?>', "", text)
        return answer(201 if request.method == "POST" else 200, one(ident, " " + _NS), ident)
    if ident not in store:
        return answer(404, f'<ErrorResponse {_NS}><Error><Type>Sender</Type><Code>NoSuch{element}</Code><Message>none</Message></Error></ErrorResponse>')
    if request.method == "DELETE":
        del store[ident]
        return 204, {}, ""
    return answer(200, one(ident, " " + _NS), ident)


for _kind in _ELEMENT:
    for _path in (f"/2020-05-31/{_kind}$", f"/2020-05-31/{_kind}/(?P<ident>[^/]+)$", f"/2020-05-31/{_kind}/(?P<ident>[^/]+)/config$"):
        cloudfront_urls.url_paths.setdefault("{0}" + _path, _policy_handler)
