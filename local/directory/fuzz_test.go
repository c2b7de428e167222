package directory_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gen3d/local/directory"
)

// registered reports whether target is a registered redirect URI.
func registered(target string) bool {
	u, err := url.Parse(target)
	return err == nil && u.Scheme == "http" && u.Host == "page.test" && u.User == nil && (u.Path == "/callback" || u.Path == "/other")
}

func fuzzed(f *testing.F) *directory.Directory {
	f.Helper()
	d, err := directory.New(directory.Config{
		Issuer: "http://127.0.0.1:8080/oidc", PoolID: poolID, Folder: f.TempDir(),
		Clients: []directory.Client{{ID: clientID, RedirectURIs: []string{callback, "http://page.test/other?kept=1"}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	return d
}

func FuzzAuthorizeRedirectsToRegisteredAddressesOnly(f *testing.F) {
	d := fuzzed(f)
	f.Add(request().Encode(), "user=testuser001")
	f.Add(request().Encode()+"&redirect_uri=http://evil.test", "user=testuser001")
	f.Add("client_id=gen3d-local&redirect_uri=http://page.test/callback&state=%0d%0aX: y", "cancel=1")
	f.Add("%zz;=&&", "%zz")
	f.Fuzz(func(t *testing.T, query, form string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := httptest.NewRequest(method, "http://127.0.0.1:8080/oidc/authorize", strings.NewReader(form))
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			switch w.Code {
			case http.StatusSeeOther:
				if !registered(w.Header().Get("Location")) {
					t.Fatalf("%s %q redirects to %q", method, query, w.Header().Get("Location"))
				}
			case http.StatusOK, http.StatusBadRequest:
				if w.Header().Get("Location") != "" {
					t.Fatalf("%s %q: %d with a Location", method, query, w.Code)
				}
			default:
				t.Fatalf("%s %q: %d %s", method, query, w.Code, w.Body)
			}
		}
	})
}

func FuzzTokenRefusesGuesses(f *testing.F) {
	d := fuzzed(f)
	f.Add("grant_type=authorization_code&client_id=gen3d-local&code=x&code_verifier=y&redirect_uri=http://page.test/callback")
	f.Add("grant_type=refresh_token&client_id=gen3d-local&refresh_token=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("%=&")
	f.Fuzz(func(t *testing.T, form string) {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/oidc/token", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "access_token") {
			t.Fatalf("%q: %d %s", form, w.Code, w.Body)
		}
	})
}
