package directory_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"gen3d/local/directory"
)

const (
	clientID = "gen3d-local"
	callback = "http://page.test/callback"
	signedUp = "http://page.test/"
	poolID   = "us-east-1_gen3dlocal"
)

// clock is a settable time.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// served is a directory on a loopback port.
type served struct {
	*directory.Directory
	issuer string
	clock  *clock
	// browser does not follow redirects.
	browser *http.Client
}

func serve(t testing.TB, folder string) served {
	t.Helper()
	return serveAt(t, folder, nil)
}

// serveAt serves a directory with the issuer of an earlier one, if given, as
// after a restart.
func serveAt(t testing.TB, folder string, earlier *served) served {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer := "http://" + server.Listener.Addr().String() + "/oidc"
	if earlier != nil {
		issuer = earlier.issuer
	}
	c := &clock{}
	d, err := directory.New(directory.Config{
		Issuer: issuer,
		PoolID: poolID,
		Clients: []directory.Client{
			{ID: clientID, RedirectURIs: []string{callback, "http://page.test/other?kept=1"}, LogoutURIs: []string{signedUp}},
			{ID: "another", RedirectURIs: []string{callback}},
		},
		Folder: folder,
		Now:    c.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = d
	server.Start()
	t.Cleanup(server.Close)
	browser := *server.Client()
	browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := served{Directory: d, issuer: "http://" + server.Listener.Addr().String() + "/oidc", clock: c, browser: &browser}
	return s
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s served) do(t testing.TB, method, target string, form url.Values, header map[string]string) answer {
	t.Helper()
	request, err := http.NewRequest(method, target, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.Header.Set("Accept", "text/html")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := s.browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// oauth returns a client of an independent OAuth library.
func (s served) oauth(t testing.TB) (oauth2.Config, *oidc.Provider) {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), s.issuer)
	if err != nil {
		t.Fatal(err)
	}
	return oauth2.Config{
		ClientID:    clientID,
		Endpoint:    provider.Endpoint(),
		RedirectURL: callback,
		Scopes:      []string{oidc.ScopeOpenID, "email"},
	}, provider
}

// choose signs user in on the sign-in page at address and returns the query of
// the redirect.
func (s served) choose(t testing.TB, address, user string) url.Values {
	t.Helper()
	if page := s.do(t, http.MethodGet, address, nil, nil); page.status != http.StatusOK {
		t.Fatalf("sign-in page: %d %s", page.status, page.body)
	}
	chosen := s.do(t, http.MethodPost, address, url.Values{"user": {user}}, nil)
	if chosen.status != http.StatusSeeOther {
		t.Fatalf("choosing %s: %d %s", user, chosen.status, chosen.body)
	}
	return location(t, chosen).Query()
}

func location(t testing.TB, a answer) *url.URL {
	t.Helper()
	target, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// signIn runs the code flow for testuser001.
func (s served) signIn(t testing.TB) *oauth2.Token {
	t.Helper()
	config, _ := s.oauth(t)
	verifier := oauth2.GenerateVerifier()
	query := s.choose(t, config.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier), oidc.Nonce("no")), "testuser001")
	exchanged, err := config.Exchange(context.Background(), query.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return exchanged
}

// verified checks a token with go-oidc against the published keys and returns
// its claims.
func (s served) verified(t testing.TB, text string, config *oidc.Config) map[string]any {
	t.Helper()
	_, provider := s.oauth(t)
	config.Now = s.clock.now
	checked, err := provider.Verifier(config).Verify(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := checked.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
