package photo_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/internal/photo"
)

func TestProbeReturnsTypeSizeAndOrientation(t *testing.T) {
	for name, want := range map[string]photo.Info{
		"orientation-1.jpg":           {ContentType: photo.JPEG, Orientation: 1},
		"orientation-2.jpg":           {ContentType: photo.JPEG, Orientation: 2},
		"orientation-5.jpg":           {ContentType: photo.JPEG, Orientation: 5},
		"orientation-6.jpg":           {ContentType: photo.JPEG, Orientation: 6},
		"orientation-8.jpg":           {ContentType: photo.JPEG, Orientation: 8},
		"progressive.jpg":             {ContentType: photo.JPEG, Orientation: 1},
		"cmyk.jpg":                    {ContentType: photo.JPEG, Orientation: 1},
		"orientation-6.png":           {ContentType: photo.PNG, Orientation: 6},
		"palette.png":                 {ContentType: photo.PNG, Orientation: 1},
		"orientation-6-lossy.webp":    {ContentType: photo.WebP, Orientation: 6},
		"orientation-6-lossless.webp": {ContentType: photo.WebP, Orientation: 6},
		"alpha-lossy.webp":            {ContentType: photo.WebP, Orientation: 1},
		"alpha-lossless.webp":         {ContentType: photo.WebP, Orientation: 1},
	} {
		t.Run(name, func(t *testing.T) {
			data := load(t, name)
			got, err := probe(data)
			if err != nil {
				t.Fatal(err)
			}
			if got.ContentType != want.ContentType || got.Orientation != want.Orientation || got.Width != 48 || got.Height != 32 {
				t.Errorf("probed %+v; want %s of 48 × 32, orientation %d", got, want.ContentType, want.Orientation)
			}
			if err := got.CheckData(bytes.NewReader(data), int64(len(data)), 1e6); err != nil {
				t.Errorf("the whole file counts as incomplete: %v", err)
			}
		})
	}
}

func TestProbeReadsCameraPhotos(t *testing.T) {
	for name, want := range map[string][3]int{
		"coffee.jpg": {600, 400, 1}, "coffee-orientation-6.jpg": {600, 400, 6}, "cat.webp": {160, 106, 1},
	} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "photos", name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := probe(data); err != nil || [3]int{got.Width, got.Height, got.Orientation} != want {
			t.Errorf("%s: probed %+v, %v; want %v", name, got, err, want)
		}
	}
}

func TestTruncationIsDetected(t *testing.T) {
	for _, name := range []string{"progressive.jpg", "orientation-6.jpg", "orientation-6.png", "orientation-6-lossy.webp", "alpha-lossless.webp"} {
		data := load(t, name)
		padding := 0
		if strings.HasSuffix(name, ".webp") {
			padding = 1 // a chunk's pad byte, which is part of the declared size
		}
		for n := 16; n < len(data)-padding; n++ {
			cut := data[:n]
			info, err := probe(cut)
			if err == nil {
				err = info.CheckData(bytes.NewReader(cut), int64(n), 1e6)
			}
			if failure, ok := job.AsFailure(err); !ok || failure.Code != job.CodeTruncated {
				t.Fatalf("%s cut to %d of %d bytes: %v; want %s", name, n, len(data), err, job.CodeTruncated)
			}
		}
	}
}

// A phone's motion photo has a video after the picture's end, which may be
// megabytes long.
func TestBytesAfterThePictureAreAccepted(t *testing.T) {
	trailer := bytes.Repeat([]byte("video "), 20_000)
	for _, name := range []string{"orientation-6.jpg", "progressive.jpg", "orientation-6.png"} {
		whole := append(load(t, name), trailer...)
		info, err := probe(whole)
		if err != nil {
			t.Fatal(err)
		}
		if err := info.CheckData(bytes.NewReader(whole), int64(len(whole)), 1e6); err != nil {
			t.Errorf("%s with a trailer: %v", name, err)
		}
		cut := append(load(t, name)[:len(load(t, name))-13], trailer...)
		wantCode(t, info.CheckData(bytes.NewReader(cut), int64(len(cut)), 1e6), job.CodeTruncated)
	}
}

func TestEndOfAThumbnailIsNotTheEndOfThePhoto(t *testing.T) {
	data := withSegments(load(t, "orientation-1.jpg"), []byte("thumbnail \xff\xd8 \xff\xd9"))
	cut := data[:len(data)-2]
	info, err := probe(cut)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, info.CheckData(bytes.NewReader(cut), int64(len(cut)), 1e6), job.CodeTruncated)
}

// withSegments inserts APP2 segments after the SOI marker.
func withSegments(jpeg []byte, payloads ...[]byte) []byte {
	out := append([]byte{}, jpeg[:2]...)
	for _, p := range payloads {
		out = append(out, 0xFF, 0xE2)
		out = binary.BigEndian.AppendUint16(out, uint16(len(p)+2))
		out = append(out, p...)
	}
	return append(out, jpeg[2:]...)
}

// counting reads from memory and counts the requested bytes.
type counting struct {
	*bytes.Reader
	bytes int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.bytes += int64(len(p))
	return c.Reader.ReadAt(p, off)
}

func TestProbeSkipsLargeSegments(t *testing.T) {
	segments := make([][]byte, 30)
	for i := range segments {
		segments[i] = make([]byte, 65_000)
	}
	data := withSegments(load(t, "orientation-6.jpg"), segments...)
	r := &counting{Reader: bytes.NewReader(data)}
	info, err := photo.Probe(r, int64(len(data)))
	if err != nil || info.Width != 48 || info.Orientation != 6 {
		t.Fatalf("probed %+v, %v", info, err)
	}
	if r.bytes > 4096 {
		t.Errorf("read %d bytes of %d", r.bytes, len(data))
	}
	for range 6 { // 12 MB of segments
		segments = append(segments, segments[:30]...)
	}
	_, err = probe(withSegments(load(t, "orientation-6.jpg"), segments...))
	wantCode(t, err, job.CodeNotAnImage)
}
