package objectstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"

	"gen3d/local/objectstore"
)

// BenchmarkListJobs lists, over HTTP, the first page of jobs, one from the
// middle, and one job's files.
func BenchmarkListJobs(b *testing.B) {
	for _, jobs := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprintf("%d jobs", jobs), func(b *testing.B) {
			w := newWorld(b)
			fill(b, w.dir, jobs)
			list := func(b *testing.B, in s3.ListObjectsV2Input, want int) {
				in.Bucket = aws.String(objectstore.DataBucket)
				for b.Loop() {
					out, err := w.s3.ListObjectsV2(b.Context(), &in)
					if err != nil {
						b.Fatal(err)
					}
					if n := len(out.CommonPrefixes) + len(out.Contents); n != want {
						b.Fatalf("%d entries, want %d", n, want)
					}
				}
			}
			page := s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(21)}
			b.Run("first page", func(b *testing.B) { list(b, page, min(21, jobs)) })
			later := page
			later.StartAfter = aws.String(fmt.Sprintf("users/u/output/job%08d/", jobs/2-1))
			b.Run("middle page", func(b *testing.B) { list(b, later, min(21, jobs/2)) })
			b.Run("one job", func(b *testing.B) {
				list(b, s3.ListObjectsV2Input{Prefix: aws.String(fmt.Sprintf("users/u/output/job%08d/", jobs/2))}, len(jobFiles))
			})
		})
	}
}

var jobFiles = []string{
	"upload.json", "job.json", "1.started.json", "1/mesh.glb", "1/mesh.ply", "1/splat.ply", "1/splat.spz", "1/preview", "1/mask", "1.result.json",
}

// fill writes jobs in the gateway's format on disk, without HTTP.
func fill(b *testing.B, dir string, jobs int) {
	attributes, err := meta.NewSideCar(filepath.Join(dir, "s3", "metadata"))
	if err != nil {
		b.Fatal(err)
	}
	root := filepath.Join(dir, "s3", "objects", objectstore.DataBucket)
	for job := range jobs {
		for _, name := range jobFiles {
			key := fmt.Sprintf("users/u/output/job%08d/%s", job, name)
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, key)), 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, key), []byte("x"), 0o644); err != nil {
				b.Fatal(err)
			}
			if err := attributes.StoreAttribute(nil, objectstore.DataBucket, key, "etag", []byte(`"9dd4e461268c8034f5c8564e155c67a6"`)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkPut stores a small document over HTTP, with and without an event.
func BenchmarkPut(b *testing.B) {
	for name, suffix := range map[string]string{"with event": "1.result.json", "without": "1.started.json"} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			i := 0
			for b.Loop() {
				w.put(fmt.Sprintf("users/u/output/job%d/%s", i, suffix), "{}")
				i++
			}
		})
	}
}

// BenchmarkPutTogether is BenchmarkPut from 16 concurrent clients.
func BenchmarkPutTogether(b *testing.B) {
	for name, suffix := range map[string]string{"with event": "1.result.json", "without": "1.started.json"} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b)
			var i atomic.Int64
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := w.tryPut(fmt.Sprintf("users/u/output/job%d/%s", i.Add(1), suffix), "{}"); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
