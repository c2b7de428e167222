package transfer

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/internal/weights/site"
)

// BucketSite is the page's folder in the data bucket, which CloudFront serves.
type BucketSite struct {
	S3     S3
	Bucket string
}

// sitePrefix is CloudFront's origin path (infra/website.go).
const sitePrefix = "public/"

// Has implements [Site].
func (b BucketSite) Has(ctx context.Context, path string, size int64, sha256 string) (bool, error) {
	head, err := b.S3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.Bucket, Key: aws.String(sitePrefix + path)})
	if isMissing(err) {
		return false, nil
	}
	if err != nil {
		return false, explain(b.Bucket, "s3:GetObject", err)
	}
	return aws.ToInt64(head.ContentLength) == size && head.Metadata[digestField] == "sha256:"+sha256, nil
}

// Put implements [Site]. CloudFront does not compress the files, which do not get
// smaller.
func (b BucketSite) Put(ctx context.Context, path string, data []byte, sha256 string) error {
	sum, err := hex.DecodeString(sha256)
	if err != nil {
		return fmt.Errorf("storing %s: %w", path, err)
	}
	return b.put(ctx, path, data, &s3.PutObjectInput{
		ContentType:       aws.String(contentType),
		CacheControl:      aws.String("public, max-age=31536000, immutable"),
		Metadata:          map[string]string{digestField: "sha256:" + sha256},
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ChecksumSHA256:    aws.String(base64.StdEncoding.EncodeToString(sum)),
	})
}

// PutManifest implements [Site]. The page asks for it each time.
func (b BucketSite) PutManifest(ctx context.Context, data []byte) error {
	return b.put(ctx, site.Manifest, data, &s3.PutObjectInput{
		ContentType: aws.String("application/json"), CacheControl: aws.String("no-cache"),
	})
}

func (b BucketSite) put(ctx context.Context, path string, data []byte, object *s3.PutObjectInput) error {
	object.Bucket, object.Key, object.Body = &b.Bucket, aws.String(sitePrefix+path), bytes.NewReader(data)
	// As the page's other files: with the stack's key CloudFront would need
	// permission to use it.
	object.ServerSideEncryption = types.ServerSideEncryptionAes256
	_, err := b.S3.PutObject(ctx, object)
	return explain(b.Bucket, "s3:PutObject", err)
}

// FolderSite is a folder that gen3d local serves.
type FolderSite struct{ Folder string }

// Has implements [Site]. It reads the file: a folder has no other record.
func (f FolderSite) Has(_ context.Context, path string, size int64, sha256 string) (bool, error) {
	data, err := os.ReadFile(f.name(path))
	if err != nil || int64(len(data)) != size {
		return false, nil //nolint:nilerr // what cannot be read is written again
	}
	s := newSums(File{})
	s.add(data)
	return s.sha256() == sha256, nil
}

// Put implements [Site].
func (f FolderSite) Put(_ context.Context, path string, data []byte, _ string) error {
	return f.write(path, data)
}

// PutManifest implements [Site].
func (f FolderSite) PutManifest(_ context.Context, data []byte) error {
	return f.write(site.Manifest, data)
}

func (f FolderSite) name(path string) string {
	return filepath.Join(f.Folder, filepath.FromSlash(path))
}

// write replaces a file in one step.
func (f FolderSite) write(path string, data []byte) error {
	name := f.name(path)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("creating the network's folder: %w", err)
	}
	if err := os.WriteFile(name+".part", data, 0o644); err != nil { //nolint:gosec // as above
		return fmt.Errorf("writing the network: %w", err)
	}
	if err := os.Rename(name+".part", name); err != nil {
		return fmt.Errorf("writing the network: %w", err)
	}
	return nil
}
