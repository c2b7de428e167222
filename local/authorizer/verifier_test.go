package authorizer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gen3d/local/authorizer"
)

const audience = "client-1"

// issuer is an OIDC issuer whose claims a test chooses.
type issuer struct {
	url  string
	key  *rsa.PrivateKey
	down atomic.Bool
	// fetched counts requests for the keys.
	fetched atomic.Int32
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.url, "jwks_uri": i.url + "/keys"})
		case "/keys":
			i.fetched.Add(1)
			_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// claims returns those of a valid access token, modified by change.
func (i *issuer) claims(change map[string]any) map[string]any {
	now := time.Now().Unix()
	c := map[string]any{
		"iss": i.url, "sub": "u-1", "client_id": audience, "token_use": "access", "scope": "openid email",
		"exp": now + 600, "iat": now - 5, "username": "u-1",
	}
	maps.Copy(c, change)
	for name, value := range c {
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

func (i *issuer) sign(t *testing.T, claims any) string {
	t.Helper()
	return sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, "k1", claims)
}

func sign(t *testing.T, key jose.SigningKey, kid string, claims any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if kid != "" {
		options = options.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signRaw signs any payload.
func signRaw(t *testing.T, key *rsa.PrivateKey, payload string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (i *issuer) verifier(t *testing.T, scopes ...string) *authorizer.Verifier {
	t.Helper()
	v, err := authorizer.NewVerifier(authorizer.Config{Issuer: i.url, Audience: []string{"other", audience}, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestValidTokenReturnsClaimsAsStrings(t *testing.T) {
	i := newIssuer(t)
	text := i.sign(t, i.claims(map[string]any{
		"exp": json.RawMessage("2e9"), "iat": json.RawMessage("1700000000"), "cognito:groups": []string{"admin", "tester"},
		"email_verified": true, "address": map[string]any{"city": "X", "area": 7}, "ratio": json.RawMessage("0.5"),
	}))
	for _, header := range []string{"Bearer " + text, "bearer  " + text, text} {
		claims, err := i.verifier(t).Verify(t.Context(), header)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"sub": "u-1", "client_id": audience, "exp": "2000000000", "iat": "1700000000", "cognito:groups": "[admin tester]",
			"email_verified": "true", "address": "map[area:7 city:X]", "ratio": "0.5", "scope": "openid email",
		} {
			if claims[name] != want {
				t.Errorf("%s = %q, want %q", name, claims[name], want)
			}
		}
	}
}

func TestInvalidClaimsAreRefused(t *testing.T) {
	i := newIssuer(t)
	now := time.Now().Unix()
	for name, test := range map[string]struct {
		change map[string]any
		want   string
	}{
		"other issuer":               {map[string]any{"iss": "http://evil.test"}, "valid issuer"},
		"no issuer":                  {map[string]any{"iss": nil}, "valid issuer"},
		"other client":               {map[string]any{"client_id": "unknown"}, "valid audience"},
		"neither aud nor client":     {map[string]any{"client_id": nil}, "valid audience"},
		"other aud, right client_id": {map[string]any{"aud": "unknown"}, "valid audience"},
		"empty aud, right client_id": {map[string]any{"aud": []string{}}, "valid audience"},
		"expired":                    {map[string]any{"exp": now - 1}, "expired"},
		"no expiry":                  {map[string]any{"exp": nil}, "expired"},
		"expiry as text":             {map[string]any{"exp": "9999999999"}, "expired"},
		"absurd expiry":              {map[string]any{"exp": json.RawMessage("1e300")}, "expired"},
		"not before":                 {map[string]any{"nbf": now + 60}, "not valid yet"},
		"issued in the future":       {map[string]any{"iat": now + 60}, "not valid yet"},
		"an ID token":                {map[string]any{"aud": audience, "token_use": "id"}, "not an access token"},
		"no use":                     {map[string]any{"token_use": nil}, "not an access token"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := i.verifier(t).Verify(t.Context(), "Bearer "+i.sign(t, i.claims(test.change)))
			var refusal *authorizer.Refusal
			if !errors.As(err, &refusal) || refusal.Status != http.StatusUnauthorized || !strings.Contains(refusal.Challenge, test.want) {
				t.Errorf("%v, want a refusal for %q", err, test.want)
			}
		})
	}
	for _, aud := range []any{audience, []string{"x", audience}} {
		if _, err := i.verifier(t).Verify(t.Context(), i.sign(t, i.claims(map[string]any{"aud": aud, "client_id": "unknown"}))); err != nil {
			t.Errorf("aud %v: %v", aud, err)
		}
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	i := newIssuer(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := i.sign(t, i.claims(nil))
	parts := strings.Split(good, ".")
	for name, text := range map[string]string{
		"another key, same kid":  sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: other}, "k1", i.claims(nil)),
		"another key, other kid": sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: other}, "k2", i.claims(nil)),
		"right key without kid":  sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, "", i.claims(nil)),
		"elliptic curve":         sign(t, jose.SigningKey{Algorithm: jose.ES256, Key: curve}, "k1", i.claims(nil)),
		"keyed by the public key": sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: i.key.N.Bytes()}, "k1",
			i.claims(nil)),
		"alg none":             "eyJhbGciOiJub25lIiwia2lkIjoiazEifQ." + parts[1] + ".",
		"no signature":         parts[0] + "." + parts[1] + ".",
		"changed claims":       parts[0] + "." + parts[1][:len(parts[1])-3] + "AAA." + parts[2],
		"claims not an object": signRaw(t, i.key, "null"),
		"not a token":          "hello",
		"two tokens":           good + " " + good,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := i.verifier(t).Verify(t.Context(), "Bearer "+text)
			var refusal *authorizer.Refusal
			if !errors.As(err, &refusal) || refusal.Status != http.StatusUnauthorized {
				t.Errorf("%v, want a refusal", err)
			}
		})
	}
}

func TestMissingScopeIsForbidden(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(t, "openid", "aws.cognito.signin.user.admin")
	for scope, good := range map[string]bool{"openid email": true, "aws.cognito.signin.user.admin": true, "email": false, "": false, "openidx": false} {
		_, err := v.Verify(t.Context(), i.sign(t, i.claims(map[string]any{"scope": scope})))
		var refusal *authorizer.Refusal
		if forbidden := errors.As(err, &refusal) && refusal.Status == http.StatusForbidden; forbidden == good || (good && err != nil) {
			t.Errorf("scope %q: %v", scope, err)
		}
	}
	if _, err := v.Verify(t.Context(), i.sign(t, i.claims(map[string]any{"scope": nil, "scp": []string{"openid"}}))); err != nil {
		t.Errorf("scp: %v", err)
	}
}

func TestRefusalRespondsAsAPIGateway(t *testing.T) {
	i := newIssuer(t)
	answer := func(header string) *httptest.ResponseRecorder {
		_, err := i.verifier(t).Verify(t.Context(), header)
		var refusal *authorizer.Refusal
		if !errors.As(err, &refusal) {
			t.Fatalf("%q: %v", header, err)
		}
		w := httptest.NewRecorder()
		refusal.ServeHTTP(w, nil)
		return w
	}
	none := answer("")
	if none.Code != http.StatusUnauthorized || none.Header().Get("WWW-Authenticate") != "Bearer" || none.Body.String() != `{"message":"Unauthorized"}` {
		t.Errorf("no token: %d %v %s", none.Code, none.Header(), none.Body)
	}
	unknown := answer("Bearer " + i.sign(t, i.claims(map[string]any{"client_id": "unknown"})))
	want := `Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"`
	if unknown.Header().Get("WWW-Authenticate") != want {
		t.Errorf("challenge %q, want %q", unknown.Header().Get("WWW-Authenticate"), want)
	}
}

func TestUnreachableIssuerIsRetried(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(t)
	good := i.sign(t, i.claims(nil))
	var refusal *authorizer.Refusal
	i.down.Store(true)
	if _, err := v.Verify(t.Context(), good); err == nil || errors.As(err, &refusal) {
		t.Errorf("while discovery is down: %v", err)
	}
	i.down.Store(false)
	for range 3 {
		if _, err := v.Verify(t.Context(), good); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	}
	if n := i.fetched.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want once", n)
	}
	i.down.Store(true)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("a known key while the issuer is down: %v", err)
	}
	rotated := sign(t, jose.SigningKey{Algorithm: jose.RS256, Key: i.key}, "k2", i.claims(nil))
	_, err := v.Verify(t.Context(), rotated)
	// Just after a fetch, go-oidc still gives its keys to those who want newer ones.
	for end := time.Now().Add(time.Minute); errors.As(err, &refusal) && time.Now().Before(end); time.Sleep(time.Millisecond) {
		_, err = v.Verify(t.Context(), rotated)
	}
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("an unknown key while the issuer is down: %v", err)
	}
}

func FuzzVerifyRefusesGuesses(f *testing.F) {
	v, err := authorizer.NewVerifier(authorizer.Config{Issuer: "http://127.0.0.1:1/oidc", Audience: []string{audience}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Bearer eyJhbGciOiJSUzI1NiJ9.e30.AA")
	f.Add("Bearer eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.e30.")
	f.Add("Bearer ")
	f.Fuzz(func(t *testing.T, header string) {
		if claims, err := v.Verify(t.Context(), header); err == nil {
			t.Fatalf("%q was accepted: %v", header, claims)
		}
	})
}
