package objectstore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"gen3d/local/objectstore"
)

func (w *world) list(in s3.ListObjectsV2Input) *s3.ListObjectsV2Output {
	w.Helper()
	in.Bucket = aws.String(objectstore.DataBucket)
	out, err := w.s3.ListObjectsV2(w.ctx(), &in)
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func keysOf(objects []types.Object) []string {
	keys := []string{}
	for _, o := range objects {
		keys = append(keys, *o.Key)
	}
	return keys
}

func prefixesOf(prefixes []types.CommonPrefix) []string {
	list := []string{}
	for _, p := range prefixes {
		list = append(list, *p.Prefix)
	}
	return list
}

func TestListsPageByPrefixDelimiterAndMarker(t *testing.T) {
	w := newWorld(t)
	for job := range 7 {
		for _, name := range []string{"job.json", "1.result.json", "1/mesh.glb"} {
			w.put(fmt.Sprintf("users/u/output/job%d/%s", job, name), name)
		}
	}
	for _, key := range []string{"users/u/input/a.jpg", "users/u2/output/job0/job.json", "pending/u/job3"} {
		w.put(key, "x")
	}
	for key := range oddKeys {
		w.put("odd/"+key, "x")
	}
	jobs := func(from, to int) []string {
		list := []string{}
		for job := from; job < to; job++ {
			list = append(list, fmt.Sprintf("users/u/output/job%d/", job))
		}
		return list
	}
	folder := s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/"), Delimiter: aws.String("/")}

	page := folder
	page.MaxKeys = aws.Int32(3)
	var seen []string
	for range 4 {
		out := w.list(page)
		seen = append(seen, prefixesOf(out.CommonPrefixes)...)
		if len(out.Contents) != 0 {
			t.Errorf("a folder page has objects %v", keysOf(out.Contents))
		}
		if !*out.IsTruncated {
			break
		}
		page.ContinuationToken = out.NextContinuationToken
	}
	if !slices.Equal(seen, jobs(0, 7)) {
		t.Errorf("the pages show %v", seen)
	}

	after := folder
	after.StartAfter = aws.String("users/u/output/job2/")
	after.MaxKeys = aws.Int32(3)
	if out := w.list(after); !slices.Equal(prefixesOf(out.CommonPrefixes), jobs(3, 6)) || !*out.IsTruncated {
		t.Errorf("after job2 come %v, truncated %v", prefixesOf(out.CommonPrefixes), *out.IsTruncated)
	}
	exact := folder
	exact.MaxKeys = aws.Int32(7)
	if out := w.list(exact); *out.IsTruncated || len(out.CommonPrefixes) != 7 {
		t.Errorf("a page of all says truncated %v with %d", *out.IsTruncated, len(out.CommonPrefixes))
	}
	one := s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/job3/")}
	want := []string{"users/u/output/job3/1.result.json", "users/u/output/job3/1/mesh.glb", "users/u/output/job3/job.json"}
	if out := w.list(one); !slices.Equal(keysOf(out.Contents), want) || *out.KeyCount != 3 {
		t.Errorf("job3 holds %v", keysOf(out.Contents))
	}
	for _, o := range w.list(one).Contents {
		if *o.Size == 0 || o.ETag == nil || o.LastModified == nil || time.Since(*o.LastModified) > time.Hour {
			t.Errorf("the list has %+v", o)
		}
	}
	if out := w.list(s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/nothing/")}); len(out.Contents) != 0 {
		t.Errorf("an empty folder holds %v", keysOf(out.Contents))
	}
	odd := []string{}
	for key := range oddKeys {
		odd = append(odd, "odd/"+key)
	}
	slices.Sort(odd)
	if out := w.list(s3.ListObjectsV2Input{Prefix: aws.String("odd/")}); !slices.Equal(keysOf(out.Contents), odd) {
		t.Errorf("got %q, want %q", keysOf(out.Contents), odd)
	}
}

func TestDeletingAJobLeavesNothingOfItInAnyList(t *testing.T) {
	w := newWorld(t)
	var objects []types.ObjectIdentifier
	for key := range oddKeys {
		w.put(key, "x")
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	for _, key := range []string{"users/u/output/job1/job.json", "users/u/output/job1/1/mesh.glb", "users/u/output/job1/gone"} {
		if !strings.HasSuffix(key, "gone") {
			w.put(key, "x")
		}
		objects = append(objects, types.ObjectIdentifier{Key: aws.String(key)})
	}
	w.put("users/u/output/job2/job.json", "x")
	out, err := w.s3.DeleteObjects(w.ctx(), &s3.DeleteObjectsInput{
		Bucket: aws.String(objectstore.DataBucket), Delete: &types.Delete{Objects: objects},
	})
	if err != nil || len(out.Errors) != 0 || len(out.Deleted) != len(objects) {
		t.Fatalf("deleting gave %v, %v", out, err)
	}
	left := w.list(s3.ListObjectsV2Input{Prefix: aws.String("users/"), Delimiter: aws.String("/")})
	if got := prefixesOf(left.CommonPrefixes); !slices.Equal(got, []string{"users/u/"}) {
		t.Errorf("users left: %v", got)
	}
	left = w.list(s3.ListObjectsV2Input{Prefix: aws.String("users/u/output/"), Delimiter: aws.String("/")})
	if got := prefixesOf(left.CommonPrefixes); !slices.Equal(got, []string{"users/u/output/job2/"}) {
		t.Errorf("jobs left: %v", got)
	}
	if left := w.list(s3.ListObjectsV2Input{}); !slices.Equal(keysOf(left.Contents), []string{"users/u/output/job2/job.json"}) {
		t.Errorf("objects left: %v", keysOf(left.Contents))
	}
}
