package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"gen3d/internal/modelimage"
)

const dockerType, ociType = modelimage.MediaType, "application/vnd.oci.image.manifest.v1+json"

// registry plays ECR with at most one image, of this media type. The fake
// docker creates the file pushed.
type registry struct{ mediaType, pushed, pushesType string }

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
func (r registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	var answer any
	mediaType := r.mediaType
	if _, err := os.Stat(r.pushed); err == nil {
		mediaType = r.pushesType
	}
	switch _, action, _ := strings.Cut(request.Header.Get("X-Amz-Target"), "."); {
	case action == "GetAuthorizationToken":
		token := base64.StdEncoding.EncodeToString([]byte("AWS:secret"))
		answer = map[string]any{"authorizationData": []any{map[string]any{"authorizationToken": token}}}
	case action == "DescribeImages" && mediaType == "":
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": "ImageNotFoundException", "message": "none"}
	case action == "DescribeImages":
		answer = map[string]any{"imageDetails": []any{map[string]any{"imageDigest": "sha256:1", "imageManifestMediaType": mediaType}}}
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// push pushes the image of a checkout with one source, with a docker that
// writes its arguments and input to the returned folder.
func push(t *testing.T, there, pushes string) (folder, output string, err error) {
	t.Helper()
	root, folder := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}} {
		if said, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, said)
		}
	}
	script := fmt.Sprintf("#!/bin/sh\necho \"$@\" >> %[1]s/calls\ncat > %[1]s/$1\n[ \"$1\" = login ] || touch %[1]s/pushed\n", folder)
	if err := os.WriteFile(filepath.Join(folder, "docker"), []byte(script), 0o700); err != nil { // #nosec G306 -- a program
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	server := httptest.NewServer(registry{mediaType: there, pushed: filepath.Join(folder, "pushed"), pushesType: pushes})
	t.Cleanup(server.Close)
	client := ecr.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	})
	var stdout bytes.Buffer
	err = pushImage(context.Background(), client, root, "1.dkr.ecr.us-east-1.amazonaws.com/gen3d", &stdout, io.Discard)
	return folder, stdout.String(), err
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(content)
}

func TestAMissingImageIsPushedInDockersFormat(t *testing.T) {
	folder, output, err := push(t, "", dockerType)
	if err != nil || !strings.Contains(output, "is pushed") {
		t.Fatalf("%v: %s", err, output)
	}
	calls := read(t, folder, "calls")
	for _, want := range []string{
		"login --username AWS --password-stdin 1.dkr.ecr.us-east-1.amazonaws.com\n", "--platform linux/amd64", "--provenance=false",
		"oci-mediatypes=false,push=true", "name=1.dkr.ecr.us-east-1.amazonaws.com/gen3d:src-",
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("docker is not called with %q:\n%s", want, calls)
		}
	}
	if strings.Contains(calls, "secret") || read(t, folder, "login") != "secret" {
		t.Error("the password is not passed by standard input alone")
	}
	if !strings.Contains(read(t, folder, "buildx"), "module x") {
		t.Error("the build context does not have go.mod")
	}
}

func TestAnImageThatIsThereIsNotBuilt(t *testing.T) {
	folder, output, err := push(t, dockerType, dockerType)
	if err != nil || !strings.Contains(output, "is in the registry") {
		t.Errorf("%v: %s", err, output)
	}
	if calls := read(t, folder, "calls"); calls != "" {
		t.Errorf("docker is called:\n%s", calls)
	}
}

func TestAnOCIImageIsRefused(t *testing.T) {
	for name, there := range map[string]string{"found": ociType, "pushed": ""} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := push(t, there, ociType); err == nil || !strings.Contains(err.Error(), "aws ecr batch-delete-image --repository-name gen3d") {
				t.Errorf("got %v", err)
			}
		})
	}
}
