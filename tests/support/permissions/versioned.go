package permissions

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Versioned passes requests on to a store without versions, and answers as the
// versioned buckets of a stack do: every object has a version, whose id is its
// ETag, and can be asked for by it. Reading a version needs a right of its own,
// which programs would not need where there are none.
func Versioned(store *url.URL, region string, credentials aws.Credentials) http.Handler {
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(store)
			r.Out.Host = r.In.Host // it is signed
			query := r.Out.URL.Query()
			version := query.Get("versionId")
			if version == "" || r.Out.Method != http.MethodGet && r.Out.Method != http.MethodHead {
				return
			}
			for name := range query {
				if name == "versionId" || strings.HasPrefix(name, "X-Amz-") {
					query.Del(name)
				}
			}
			r.Out.URL.RawQuery = query.Encode()
			r.Out.Header.Set("If-Match", `"`+version+`"`) // there is one version, or none
			r.Out.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
			if err := signer.SignHTTP(r.In.Context(), credentials, r.Out, "UNSIGNED-PAYLOAD", "s3", region, time.Now()); err != nil {
				r.Out.Header.Set("Authorization", fmt.Sprintf("none, because of: %v", err)) // the store refuses it
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if etag := r.Header.Get("ETag"); etag != "" {
				r.Header.Set("X-Amz-Version-Id", strings.Trim(etag, `"`))
			}
			return nil
		},
	}
}
