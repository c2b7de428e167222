package directory

import (
	"crypto"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/go-jose/go-jose/v4"
)

const (
	keyFile = "signing-key.pem"
	keyBits = 2048
	pemType = "PRIVATE KEY"
)

// signingKey is the key that signs tokens, with values derived from it.
type signingKey struct {
	id      string
	private *rsa.PrivateKey
	// seal is the symmetric key that encrypts refresh tokens.
	seal []byte
}

// openSigningKey reads the key in folder, or creates it. It sets the file's
// mode to 0600.
func openSigningKey(folder string) (signingKey, error) {
	path := filepath.Join(folder, keyFile)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return createSigningKey(folder)
	case err != nil:
		return signingKey{}, fmt.Errorf("reading the directory's signing key: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return signingKey{}, fmt.Errorf("protecting the directory's signing key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return signingKey{}, fmt.Errorf("reading the directory's signing key: %s is not a PEM private key; delete it to create a new one; all users must then sign in again", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return signingKey{}, fmt.Errorf("reading the directory's signing key %s: %w; delete it to create a new one; all users must then sign in again", path, err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return signingKey{}, fmt.Errorf("reading the directory's signing key: %s contains no RSA key; delete it to create a new one; all users must then sign in again", path)
	}
	return newSigningKey(private, block.Bytes)
}

// createSigningKey writes a new key to a temporary file and renames it, so that
// a crash cannot leave an incomplete key.
func createSigningKey(folder string) (signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return signingKey{}, fmt.Errorf("generating the directory's signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return signingKey{}, fmt.Errorf("encoding the directory's signing key: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return signingKey{}, fmt.Errorf("creating the directory's folder: %w", err)
	}
	// CreateTemp creates the file with mode 0600.
	file, err := os.CreateTemp(folder, keyFile+".*")
	if err != nil {
		return signingKey{}, fmt.Errorf("writing the directory's signing key: %w", err)
	}
	err = errors.Join(
		pem.Encode(file, &pem.Block{Type: pemType, Bytes: der}),
		file.Sync(),
		file.Close(),
	)
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(folder, keyFile))
	}
	if err != nil {
		return signingKey{}, fmt.Errorf("writing the directory's signing key: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return newSigningKey(private, der)
}

func newSigningKey(private *rsa.PrivateKey, der []byte) (signingKey, error) {
	jwk := jose.JSONWebKey{Key: &private.PublicKey}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return signingKey{}, fmt.Errorf("naming the directory's signing key: %w", err)
	}
	seal, err := hkdf.Key(sha256.New, der, nil, "gen3d local directory refresh tokens", 32)
	if err != nil {
		return signingKey{}, fmt.Errorf("deriving the key of refresh tokens: %w", err)
	}
	return signingKey{
		id:      base64.RawURLEncoding.EncodeToString(thumbprint),
		private: private,
		seal:    seal,
	}, nil
}

// keySet serves GET /.well-known/jwks.json.
func (d *Directory) keySet(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key:       &d.key.private.PublicKey,
		KeyID:     d.key.id,
		Algorithm: string(jose.RS256),
		Use:       "sig",
	}}})
}
