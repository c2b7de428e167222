package directory

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// grant is a user's authorization of a client; every token is issued for one.
type grant struct {
	User     string    `json:"sub"`
	Client   string    `json:"client_id"`
	Scope    string    `json:"scope"`
	Nonce    string    `json:"-"`
	SignedIn time.Time `json:"auth_time"`
	// Origin is common to the tokens of one sign-in (Cognito's origin_jti).
	Origin string `json:"origin_jti"`
}

func (g grant) allows(scope string) bool {
	return slices.Contains(strings.Fields(g.Scope), scope)
}

// accessClaims are the claims of a Cognito access token.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
type accessClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Client   string `json:"client_id"`
	Use      string `json:"token_use"`
	Scope    string `json:"scope"`
	Username string `json:"username"`
	SignedIn int64  `json:"auth_time"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
	Origin   string `json:"origin_jti"`
	Version  int    `json:"version"`
}

// idClaims are the claims of a Cognito ID token.
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
type idClaims struct {
	Issuer        string `json:"iss"`
	Subject       string `json:"sub"`
	Audience      string `json:"aud"`
	Use           string `json:"token_use"`
	Username      string `json:"cognito:username"`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
	Nonce         string `json:"nonce,omitempty"`
	AccessHash    string `json:"at_hash"`
	SignedIn      int64  `json:"auth_time"`
	IssuedAt      int64  `json:"iat"`
	Expires       int64  `json:"exp"`
	ID            string `json:"jti"`
	Origin        string `json:"origin_jti"`
}

const (
	useAccess = "access"
	useID     = "id"
)

// tokens are the tokens of a grant. ID is empty if the scope openid was not
// granted.
type tokens struct {
	Access, ID string
}

// mint issues the access token and, for the scopes openid and
// aws.cognito.signin.user.admin, the ID token.
func (d *Directory) mint(user account, g grant) (tokens, error) {
	now := d.config.Now()
	access, err := d.sign(accessClaims{
		Issuer:   d.config.Issuer,
		Subject:  user.Name,
		Client:   g.Client,
		Use:      useAccess,
		Scope:    g.Scope,
		Username: user.Name,
		SignedIn: g.SignedIn.Unix(),
		IssuedAt: now.Unix(),
		Expires:  now.Add(accessLifetime).Unix(),
		ID:       d.config.NewID(),
		Origin:   g.Origin,
		Version:  2,
	})
	if err != nil {
		return tokens{}, err
	}
	if !g.allows(scopeOpenID) && !g.allows(scopeUserAdmin) {
		return tokens{Access: access}, nil
	}
	// The left half of the hash, as required by OpenID Connect Core 3.1.3.6.
	sum := sha256.Sum256([]byte(access))
	claims := idClaims{
		Issuer:     d.config.Issuer,
		Subject:    user.Name,
		Audience:   g.Client,
		Use:        useID,
		Username:   user.Name,
		Nonce:      g.Nonce,
		AccessHash: base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]),
		SignedIn:   g.SignedIn.Unix(),
		IssuedAt:   now.Unix(),
		Expires:    now.Add(accessLifetime).Unix(),
		ID:         d.config.NewID(),
		Origin:     g.Origin,
	}
	if g.allows(scopeEmail) || g.allows(scopeUserAdmin) {
		claims.Email, claims.EmailVerified = user.Email, user.Email != ""
	}
	id, err := d.sign(claims)
	return tokens{Access: access, ID: id}, err
}

func (d *Directory) sign(claims any) (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: d.key.private},
		(&jose.SignerOptions{}).WithHeader("kid", d.key.id),
	)
	if err != nil {
		return "", fmt.Errorf("opening the signer: %w", err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return text, nil
}

// read verifies the signature of a token of this directory and decodes its
// claims. The caller checks times and use.
func (d *Directory) read(text string, claims any) error {
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return fmt.Errorf("reading a token: %w", err)
	}
	if err := parsed.Claims(&d.key.private.PublicKey, claims); err != nil {
		return fmt.Errorf("checking a token's signature: %w", err)
	}
	return nil
}

// refreshClaims is the content of a refresh token, which only this directory
// can encrypt and decrypt.
type refreshClaims struct {
	grant
	Issuer  string    `json:"iss"`
	Expires time.Time `json:"exp"`
}

// errRefresh is returned for every invalid refresh token.
var errRefresh = errors.New("the refresh token is not valid or has expired")

// sealRefresh returns the refresh token of g: like Cognito's, an encrypted JWT
// that is opaque to the client.
func (d *Directory) sealRefresh(g grant) (string, error) {
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: d.key.seal}, nil)
	if err != nil {
		return "", fmt.Errorf("opening the encrypter: %w", err)
	}
	text, err := jwt.Encrypted(encrypter).Claims(refreshClaims{
		grant:   g,
		Issuer:  d.config.Issuer,
		Expires: d.config.Now().Add(refreshLifetime),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sealing a refresh token: %w", err)
	}
	return text, nil
}

// openRefresh returns the grant and the user of a client's refresh token, or
// errRefresh.
func (d *Directory) openRefresh(text, client string) (grant, account, error) {
	parsed, err := jwt.ParseEncrypted(text, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return grant{}, account{}, errRefresh
	}
	var claims refreshClaims
	if err := parsed.Claims(d.key.seal, &claims); err != nil {
		return grant{}, account{}, errRefresh
	}
	user, known := d.users.find(claims.User)
	if !known || claims.Client != client || claims.Issuer != d.config.Issuer || !d.config.Now().Before(claims.Expires) {
		return grant{}, account{}, errRefresh
	}
	return claims.grant, user, nil
}
