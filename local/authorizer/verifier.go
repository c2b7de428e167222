// Package authorizer verifies access tokens as API Gateway's JWT authorizer
// does on AWS.
package authorizer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// fetchTimeout bounds one request to the issuer.
const fetchTimeout = 10 * time.Second

// Config says which tokens a [Verifier] accepts.
type Config struct {
	// Issuer is the issuer's URL, equal to the tokens' iss. Its discovery
	// document is fetched at the first token, so the issuer may be started
	// later.
	Issuer string
	// Audience are the accepted values of aud or, where a token has no aud (as
	// Cognito's access tokens), of client_id.
	Audience []string
	// Scopes are a route's authorization scopes: the token must have at least
	// one of them. Without any, no scope is required.
	Scopes []string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Client fetches the issuer's documents; nil means one with a timeout of
	// ten seconds.
	Client *http.Client
}

// Verifier verifies bearer tokens as an API Gateway HTTP API with a JWT
// authorizer does, and returns their claims in the same format. It is stricter
// in one point: token_use must be access, where API Gateway would accept an ID
// token whose aud matches. It is safe for concurrent use.
//
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
type Verifier struct {
	config Config
	mu     sync.Mutex
	keys   oidc.KeySet
}

// NewVerifier returns a verifier. It does not contact the issuer.
func NewVerifier(config Config) (*Verifier, error) {
	if config.Issuer == "" || len(config.Audience) == 0 {
		return nil, errors.New("creating a token verifier: the issuer and at least one audience must be given")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Client == nil {
		config.Client = &http.Client{Timeout: fetchTimeout}
	}
	return &Verifier{config: config}, nil
}

// algorithms are those that API Gateway supports: only RSA-based ones.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}

// Verify checks the value of an Authorization header: a token, with or without
// "Bearer " before it. It returns the token's claims as API Gateway passes them
// to a Lambda function in requestContext.authorizer.jwt.claims: every value is
// a string. The error is a [*Refusal] for a token that is not accepted; any
// other error means that the issuer could not be reached.
func (v *Verifier) Verify(ctx context.Context, authorization string) (map[string]string, error) {
	text := bearer(authorization)
	if text == "" {
		return nil, refuseMissing()
	}
	parsed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil || len(parsed.Signatures) != 1 {
		return nil, refuseInvalid("the token is malformed or its algorithm is not RS256, RS384 or RS512")
	}
	if parsed.Signatures[0].Header.KeyID == "" {
		return nil, refuseInvalid("the token has no kid")
	}
	keys, err := v.keySet(ctx)
	if err != nil {
		return nil, err
	}
	payload, err := keys.VerifySignature(ctx, text)
	if err != nil {
		if unreachable(err) {
			return nil, fmt.Errorf("fetching the issuer's keys: %w", err)
		}
		return nil, refuseInvalid("the token's signature does not verify")
	}
	claims, err := decodeClaims(payload)
	if err != nil {
		return nil, refuseInvalid("the token's claims are malformed")
	}
	if err := v.check(claims); err != nil {
		return nil, err
	}
	return claims.strings(), nil
}

// bearer removes the scheme, in upper or lower case, from a header's value.
func bearer(authorization string) string {
	text := strings.TrimSpace(authorization)
	if scheme, rest, found := strings.Cut(text, " "); found && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	return text
}

// keySet fetches the issuer's discovery document once; a failure is not cached,
// so the next token tries again.
func (v *Verifier) keySet(ctx context.Context) (oidc.KeySet, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != nil {
		return v.keys, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, v.config.Client), v.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovering the issuer %s: %w", v.config.Issuer, err)
	}
	var document struct {
		KeySet string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil || document.KeySet == "" {
		return nil, fmt.Errorf("discovering the issuer %s: its document names no jwks_uri", v.config.Issuer)
	}
	// The key set is used after this request, so its context must not be
	// canceled.
	v.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.WithoutCancel(ctx), v.config.Client), document.KeySet)
	return v.keys, nil
}

// unreachable distinguishes a failed fetch of the keys from an invalid
// signature; go-oidc has no error type for it.
func unreachable(err error) bool {
	return strings.HasPrefix(err.Error(), "fetching keys") ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// check validates the claims in the order of API Gateway's documentation.
func (v *Verifier) check(c claims) error {
	now := v.config.Now()
	if c.text("iss") != v.config.Issuer {
		return refuseInvalid("the token does not have a valid issuer")
	}
	// client_id is used only if aud is missing.
	audience := c.list("aud")
	if _, present := c["aud"]; !present {
		audience = c.list("client_id")
	}
	if !slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(v.config.Audience, a) }) {
		return refuseInvalid("the token does not have a valid audience")
	}
	if expires, ok := c.time("exp"); !ok || !now.Before(expires) {
		return refuseInvalid("the token has expired")
	}
	for _, name := range []string{"nbf", "iat"} {
		if _, present := c[name]; !present {
			continue
		}
		// Tokens have whole seconds, so one issued in this second is valid.
		if from, ok := c.time(name); !ok || now.Before(from) {
			return refuseInvalid("the token is not valid yet")
		}
	}
	if c.text("token_use") != "access" {
		return refuseInvalid("the token is not an access token")
	}
	if len(v.config.Scopes) > 0 {
		granted := slices.Concat(strings.Fields(c.text("scope")), c.list("scp"))
		if !slices.ContainsFunc(granted, func(s string) bool { return slices.Contains(v.config.Scopes, s) }) {
			return refuseScope(v.config.Scopes)
		}
	}
	return nil
}

// decodeClaims decodes claims with numbers as json.Number.
func decodeClaims(payload []byte) (claims, error) {
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	var c claims
	if err := decoder.Decode(&c); err != nil {
		return nil, fmt.Errorf("decoding claims: %w", err)
	}
	if c == nil {
		return nil, errors.New("decoding claims: not an object")
	}
	return c, nil
}
