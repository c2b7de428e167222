package signin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/signin"
	"gen3d/local/authorizer"
	"gen3d/local/directory"
)

const poolID = "us-east-1_gen3dlocal"

// gen3d serves the parts of `gen3d local` for signing in, /config.json and the
// directory. It returns its URL and the directory.
func gen3d(t *testing.T) (string, *directory.Directory) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d, err := directory.New(directory.Config{
		Issuer:  server.URL + "/oidc",
		PoolID:  poolID,
		Clients: []directory.Client{{ID: "gen3d-local", RedirectURIs: []string{server.URL + "/callback"}}},
		Folder:  t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/oidc/", d)
	mux.HandleFunc("GET /config.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiUrl": "/api",
			"auth":   map[string]string{"authority": server.URL + "/oidc", "clientId": "gen3d-local", "scope": "openid email"},
		})
	})
	return server.URL, d
}

func TestLocalReturnsAValidToken(t *testing.T) {
	base, _ := gen3d(t)
	for _, address := range []string{base, base + "/"} {
		access, err := signin.Local(t.Context(), address, "testuser002")
		if err != nil {
			t.Fatal(err)
		}
		v, err := authorizer.NewVerifier(authorizer.Config{Issuer: base + "/oidc", Audience: []string{"gen3d-local"}, Scopes: []string{"openid"}})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := v.Verify(t.Context(), "Bearer "+access)
		if err != nil {
			t.Fatal(err)
		}
		if claims["sub"] != "testuser002" || claims["client_id"] != "gen3d-local" || claims["scope"] != "openid email" {
			t.Errorf("claims: %v", claims)
		}
	}
}

func TestLocalExplainsErrors(t *testing.T) {
	base, _ := gen3d(t)
	if _, err := signin.Local(t.Context(), base, "testuser009"); err == nil || !strings.Contains(err.Error(), "Choose one of testuser001, testuser002, testuser003") {
		t.Errorf("unknown user: %v", err)
	}
	if _, err := signin.Local(t.Context(), "http://127.0.0.1:1", "testuser001"); err == nil || !strings.Contains(err.Error(), "is `gen3d local` running?") {
		t.Errorf("nothing there: %v", err)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	if _, err := signin.Local(t.Context(), other.URL, "testuser001"); err == nil || !strings.Contains(err.Error(), "is something else running there?") {
		t.Errorf("something else there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := signin.Local(ended, base, "testuser001"); err == nil {
		t.Error("a canceled context still signed in")
	}
}

// pulumi sets the PATH to a folder with only a script of that name.
func pulumi(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "pulumi"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
}

func TestReadStackReadsPulumiOutputs(t *testing.T) {
	folder := t.TempDir()
	pulumi(t, `[ "$*" = "stack output --json --non-interactive --stack dev" ] || { echo "called with $*" >&2; exit 9; }
echo here > seen
echo '{"region":"us-east-1","userPoolId":"us-east-1_AbC","userPoolClientId":"c1","websiteUrl":"https://d.example","apiUrl":"https://a.example","endpointName":"e"}'`)
	stack, err := signin.ReadStack(t.Context(), folder, "dev")
	if err != nil {
		t.Fatal(err)
	}
	want := signin.Stack{Name: "dev", Region: "us-east-1", UserPoolID: "us-east-1_AbC", ClientID: "c1", WebsiteURL: "https://d.example", APIURL: "https://a.example"}
	if stack != want {
		t.Errorf("%+v, want %+v", stack, want)
	}
	if _, err := os.Stat(filepath.Join(folder, "seen")); err != nil {
		t.Errorf("pulumi did not run in the project's folder: %v", err)
	}
}

func TestReadStackExplainsErrors(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"no such stack":  {"echo \"error: no stack named 'dev' found\" >&2; exit 255", "pulumi says: error: no stack named 'dev' found"},
		"silent failure": {"exit 3", "exit status 3"},
		"not deployed":   {"echo '{\"region\":\"us-east-1\"}'", "stack dev has no output userPoolId, userPoolClientId: deploy it first with pulumi up --stack dev"},
		"not JSON":       {"echo hello", "not the JSON expected"},
	} {
		t.Run(name, func(t *testing.T) {
			pulumi(t, test.script)
			if _, err := signin.ReadStack(t.Context(), t.TempDir(), "dev"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	t.Run("no pulumi command", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := signin.ReadStack(t.Context(), t.TempDir(), "dev"); err == nil || !strings.Contains(err.Error(), "not on the PATH: install it") {
			t.Errorf("%v", err)
		}
	})
}
