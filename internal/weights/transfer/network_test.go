package transfer_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"gen3d/internal/weights"
	"gen3d/internal/weights/hub"
	"gen3d/internal/weights/site"
	"gen3d/internal/weights/transfer"
	"gen3d/local/objectstore"
	"gen3d/tests/support/hubtest"
	"gen3d/tests/support/s3test"
)

const edgeTAM = "onnx-community/EdgeTAM-ONNX"

var networkSource = weights.Network{Repository: edgeTAM, Revision: "main", Encoder: "onnx/encoder.onnx", Decoder: "onnx/decoder.onnx"}

// networkHub has a network whose graphs are in git, or with LFS.
func networkHub(t *testing.T, lfs bool) (*hubtest.Hub, *hub.Client) {
	t.Helper()
	h := hubtest.New(t)
	h.Add(edgeTAM, commit,
		hubtest.File{Path: "README.md", Text: "not wanted"},
		hubtest.File{Path: "onnx/encoder.onnx", Size: 3000, LFS: lfs}, hubtest.File{Path: "onnx/encoder.onnx_data", Size: 9_000_000, LFS: true},
		hubtest.File{Path: "onnx/decoder.onnx", Size: 2000, LFS: lfs}, hubtest.File{Path: "onnx/decoder.onnx_data", Size: 1_000_000, LFS: true},
	)
	client, err := hub.New(hub.Config{URL: h.URL, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	return h, client
}

// pushNetwork returns the paths of the files that were stored.
func pushNetwork(t *testing.T, client *hub.Client, source weights.Network, to transfer.Site) (stored []string, err error) {
	t.Helper()
	_, err = transfer.PushNetwork(t.Context(), client, source, to, func(path string, _ int64) { stored = append(stored, path) })
	return stored, err
}

func TestNetworkIsBroughtToTheSite(t *testing.T) {
	h, client := networkHub(t, true)
	store := s3test.Client(nil)
	to := transfer.BucketSite{S3: store, Bucket: objectstore.DataBucket}
	t.Cleanup(func() { s3test.DeleteAll(t, "public/network") })
	head := func(key string) *s3.GetObjectOutput {
		out, err := store.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(objectstore.DataBucket), Key: &key})
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		t.Cleanup(func() { _ = out.Body.Close() })
		return out
	}
	if stored, err := pushNetwork(t, client, networkSource, to); err != nil || len(stored) != 4 {
		t.Fatalf("stored are %v, %v", stored, err)
	}
	manifest := head("public/network.json")
	if *manifest.CacheControl != "no-cache" || *manifest.ContentType != "application/json" {
		t.Errorf("the manifest is stored as %q, %q", *manifest.CacheControl, *manifest.ContentType)
	}
	var network site.Network
	if err := json.NewDecoder(manifest.Body).Decode(&network); err != nil || network.Format != site.Format || network.Commit != commit {
		t.Errorf("the manifest is %+v, %v", network, err)
	}
	for i, name := range networkSource.Paths() {
		file := network.Files()[i]
		if want := "/network/" + commit + "/" + filepath.Base(name); file.Path != want || file.SHA256 != h.SHA256(edgeTAM, name) {
			t.Errorf("%s is listed as %+v", name, file)
		}
		out := head("public" + file.Path)
		if *out.ContentLength != file.Bytes || *out.CacheControl != "public, max-age=31536000, immutable" || *out.ContentType != "application/octet-stream" {
			t.Errorf("%s is stored as %d bytes, %q, %q", name, *out.ContentLength, *out.CacheControl, *out.ContentType)
		}
	}

	h.Forget()
	if stored, err := pushNetwork(t, client, networkSource, to); err != nil || len(stored) > 0 || h.Served() > 0 {
		t.Errorf("a second push stored %v of %d bytes, %v", stored, h.Served(), err)
	}
	if err := transfer.RemoveNetwork(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	var none site.Network
	if err := json.NewDecoder(head("public/network.json").Body).Decode(&none); err != nil || none != (site.Network{}) {
		t.Errorf("after removal the manifest is %+v, %v", none, err)
	}
}

// Files that are in git have no SHA-256 in the hub's list.
func TestNetworkOfAFolderIsCompletedOnly(t *testing.T) {
	h, client := networkHub(t, false)
	folder := t.TempDir()
	to := transfer.FolderSite{Folder: folder}
	source := networkSource
	source.SHA256 = map[string]string{"onnx/encoder.onnx": h.SHA256(edgeTAM, "onnx/encoder.onnx")}
	h.Corrupt(edgeTAM, "onnx/decoder.onnx_data", true)
	var wrong *transfer.WrongBytes
	if _, err := pushNetwork(t, client, source, to); !errors.As(err, &wrong) || wrong.File.Path != "onnx/decoder.onnx_data" {
		t.Fatalf("the error is %v", err)
	}
	if _, err := site.Read(os.DirFS(folder)); err == nil {
		t.Error("there is a manifest, although a file is missing")
	}
	h.Corrupt(edgeTAM, "onnx/decoder.onnx_data", false)
	data := filepath.Join(folder, "network", commit, "encoder.onnx_data")
	if err := os.Truncate(data, 100); err != nil {
		t.Fatal(err)
	}
	stored, err := pushNetwork(t, client, source, to)
	if want := "onnx/encoder.onnx_data onnx/decoder.onnx onnx/decoder.onnx_data"; err != nil || strings.Join(stored, " ") != want {
		t.Errorf("stored are %v, %v; want %s", stored, err, want)
	}
	if network, err := site.Read(os.DirFS(folder)); err != nil || network.Decoder.Graph.SHA256 != h.SHA256(edgeTAM, "onnx/decoder.onnx") {
		t.Errorf("the folder has %+v, %v", network, err)
	}
}

func TestNetworkWithAnotherDigestThanThePinnedOneIsRefused(t *testing.T) {
	for _, lfs := range []bool{true, false} {
		_, client := networkHub(t, lfs)
		source := networkSource
		source.SHA256 = map[string]string{"onnx/encoder.onnx": strings.Repeat("0", 64)}
		folder := t.TempDir()
		var wrong *transfer.WrongBytes
		if _, err := pushNetwork(t, client, source, transfer.FolderSite{Folder: folder}); !errors.As(err, &wrong) {
			t.Errorf("LFS %v: the error is %v", lfs, err)
		}
		if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
			t.Errorf("LFS %v: written are %v, %v", lfs, entries, err)
		}
	}
}
