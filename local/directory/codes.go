package directory

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"
)

// issuedCode is the grant of an authorization code, and the request that it is
// bound to.
type issuedCode struct {
	grant     grant
	redirect  string
	challenge string
	expires   time.Time
}

// codes stores the authorization codes that are not yet redeemed.
type codes struct {
	mu     sync.Mutex
	issued map[string]issuedCode
}

func newCodes() *codes { return &codes{issued: map[string]issuedCode{}} }

// add stores a code and deletes the expired ones.
func (c *codes) add(code string, issued issuedCode, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for old, i := range c.issued {
		if !now.Before(i.expires) {
			delete(c.issued, old)
		}
	}
	c.issued[code] = issued
}

// take removes a code and returns its content if it has not expired.
func (c *codes) take(code string, now time.Time) (issuedCode, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	issued, ok := c.issued[code]
	delete(c.issued, code)
	return issued, ok && now.Before(issued.expires)
}

// matchesChallenge reports whether verifier matches an S256 challenge (RFC 7636, 4.6).
func matchesChallenge(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) == 1
}
