package server_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"gen3d/internal/job"
	"gen3d/model-image/server"
	"gen3d/tests/support/hostile"
	"gen3d/tests/support/s3test"
)

// painted returns a mask of a size as PNG, with a gray square in its middle.
func painted(t testing.TB, width, height int) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, width, height))
	for y := height / 4; y < height*3/4; y++ {
		for x := width / 4; x < width*3/4; x++ {
			p.SetGray(x, y, color.Gray{Y: 128})
		}
	}
	return encoded(t, p)
}

func encoded(t testing.TB, p image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// give puts a mask beside the photo of a job, as a user does, and into the
// manifest of object n, as Extract does.
func (w *world) give(m *job.Manifest, n int, file []byte) {
	w.t.Helper()
	key := m.Ref().MaskKey(m.Source.Key, n)
	s3test.Put(w.t, key, job.MaskContentType, nil, file)
	stored, err := w.bucket.Photo(w.t.Context(), key, "")
	if err != nil {
		w.t.Fatal(err)
	}
	m.Objects[n-1].Mask = &job.MaskFile{Key: key, VersionID: stored.VersionID, ETag: stored.ETag, Bytes: stored.Bytes}
}

// keptMask returns the mask in the bucket that was used for an object.
func keptMask(t testing.TB, m *job.Manifest, n int) *image.Gray {
	t.Helper()
	data, ok := s3test.Get(t, m.Ref().FileKey(n, job.FormatMask))
	if !ok {
		t.Fatalf("object %d has no mask", n)
	}
	p, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	gray, ok := p.(*image.Gray)
	if !ok {
		t.Fatalf("the mask is a %T", p)
	}
	return gray
}

func TestReliefUsesAGivenMaskUnchanged(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.backends = server.Backends() })
	m := w.job("coffee-orientation-6.jpg", &job.Box{150, 40, 460, 360}, nil) // shown as 600 × 400
	onlyPLY(m)
	m.Objects[0].Points = []job.Point{{X: 1, Y: 1, Inside: true}}
	w.give(m, 1, painted(t, 600, 400))
	w.give(m, 2, painted(t, 150, 100)) // smaller, of the same shape
	for n := 1; n <= 2; n++ {
		result := w.invoke(m, n).result(t)
		if result.Status != job.StatusSucceeded || result.Mask == nil || result.Mask.Source != job.MaskGiven || result.Mask.Score != nil {
			t.Fatalf("object %d: the result is %+v, its mask %+v", n, result, result.Mask)
		}
		kept := keptMask(t, m, n)
		if kept.Rect != image.Rect(0, 0, 600, 400) {
			t.Fatalf("object %d: the mask is %v", n, kept.Rect)
		}
		for y := range 400 {
			for x := range 600 {
				want := uint8(0)
				if x >= 150 && x < 450 && y >= 100 && y < 300 {
					want = 255
				}
				near := n == 2 && (abs(x-150) <= 2 || abs(x-450) <= 2 || abs(y-100) <= 2 || abs(y-300) <= 2)
				if got := kept.GrayAt(x, y).Y; got != want && !near {
					t.Fatalf("object %d: pixel %d,%d of the mask is %d, want %d", n, x, y, got, want)
				}
			}
		}
	}
}

// onlyPLY chooses one format for a test of masks: to compress the others takes
// longer than to make the object.
func onlyPLY(m *job.Manifest) { m.Options.Formats = []job.Format{job.FormatPLY} }

func abs(n int) int { return max(n, -n) }

func TestKeptMaskCanBeGivenAgain(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.backends = server.Backends() })
	m := w.job("coffee.jpg", &job.Box{70, 10, 488, 392})
	onlyPLY(m)
	if use := w.invoke(m, 1).result(t).Mask; use == nil || use.Source != job.MaskSegmenter || use.Share < 0.5 || use.Share > 0.9 || use.Score != nil {
		t.Fatalf("the mask is %+v", use)
	}
	first, _ := s3test.Get(t, m.Ref().FileKey(1, job.FormatMask))
	again := w.job("coffee.jpg")
	onlyPLY(again)
	w.give(again, 1, first)
	if result := w.invoke(again, 1).result(t); result.Status != job.StatusSucceeded {
		t.Fatalf("the result is %+v", result)
	}
	second, _ := s3test.Get(t, again.Ref().FileKey(1, job.FormatMask))
	if !bytes.Equal(first, second) {
		t.Error("the mask that was kept of a mask that was kept differs from it")
	}
}

func TestReliefUsesPoints(t *testing.T) {
	w := newWorld(t, func(s *setting) { s.backends = server.Backends() })
	m := w.job("coins.png")
	onlyPLY(m)
	m.Objects[0].Points = []job.Point{{X: 335, Y: 43, Inside: true}, {X: 213, Y: 193}}
	result := w.invoke(m, 1).result(t)
	if result.Status != job.StatusSucceeded || result.Mask.Source != job.MaskPoints {
		t.Fatalf("the result is %+v, its mask %+v", result, result.Mask)
	}
	if kept := keptMask(t, m, 1); kept.GrayAt(335, 43).Y != 255 || kept.GrayAt(213, 193).Y != 0 {
		t.Error("the mask does not hold the point inside, or holds the one outside")
	}
}

func TestBackendGetsMaskAndPoints(t *testing.T) {
	w := newWorld(t)
	var got server.Input
	w.backend.reconstruct = func(_ context.Context, in server.Input) (*server.Output, error) {
		got = in
		return instant(in), nil
	}
	m := w.job("cat.webp", nil, nil) // 160 × 106
	m.Objects[0].Points = []job.Point{{X: 159, Y: 105, Inside: true}, {X: 0, Y: 0}}
	w.invoke(m, 1).result(t)
	if got.Mask != nil || len(got.Object.Points) != 2 || got.Object.Points[0] != (job.Point{X: 159, Y: 105, Inside: true}) {
		t.Errorf("the backend got %+v", got.Object)
	}
	w.give(m, 2, painted(t, 160, 106))
	w.invoke(m, 2).result(t)
	if got.Mask == nil || got.Mask.Count() != 80*53 || got.Mask.Rect != got.Photo.Rect {
		t.Errorf("the backend got the mask %+v", got.Mask)
	}
}

func TestBadMasksAndPointsAreFailedResults(t *testing.T) {
	photo := func(w *world) *job.Manifest { return w.job("cat.webp", nil, nil) } // 160 × 106, two objects
	give := func(file []byte) func(*testing.T, *world) *job.Manifest {
		return func(_ *testing.T, w *world) *job.Manifest {
			m := photo(w)
			w.give(m, 2, file)
			return m
		}
	}
	good := painted(t, 160, 106)
	damaged := bytes.Clone(good)
	copy(damaged[len(damaged)/2:], "damaged")
	for name, test := range map[string]struct {
		job  func(*testing.T, *world) *job.Manifest
		code job.Code
		says string
	}{
		"mask deleted": {func(t *testing.T, w *world) *job.Manifest {
			m := give(good)(t, w)
			s3test.Delete(t, m.Objects[1].Mask.Key)
			m.Objects[1].Mask.VersionID = ""
			return m
		}, job.CodeMaskMissing, "The mask of object 2 was deleted"},
		"mask replaced": {func(t *testing.T, w *world) *job.Manifest {
			m := give(good)(t, w)
			m.Objects[1].Mask.Bytes++
			return m
		}, job.CodeBadMask, "The mask of object 2 cannot be used: it was replaced"},
		"no PNG":            {give([]byte("not a mask at all, but long enough for a header")), job.CodeBadMask, "it is not a PNG picture"},
		"empty file":        {give(nil), job.CodeBadMask, "it is an empty file"},
		"too many bytes":    {give(make([]byte, job.MaxMaskBytes+1)), job.CodeBadMask, "the limit is 4 MB"},
		"damaged data":      {give(damaged), job.CodeBadMask, "its data is damaged"},
		"cut off":           {give(good[:len(good)/2]), job.CodeBadMask, "object 2 cannot be used"},
		"color":             {give(encoded(t, image.NewNRGBA(image.Rect(0, 0, 160, 106)))), job.CodeBadMask, "a PNG picture with colors"},
		"sixteen bits":      {give(encoded(t, image.NewGray16(image.Rect(0, 0, 160, 106)))), job.CodeBadMask, "16 bits a pixel"},
		"of another shape":  {give(painted(t, 106, 160)), job.CodeBadMask, "106 × 160 pixels and the photo 160 × 106"},
		"larger":            {give(painted(t, 320, 212)), job.CodeBadMask, "smaller with the same shape"},
		"without an object": {give(encoded(t, image.NewGray(image.Rect(0, 0, 160, 106)))), job.CodeNoObject, "The mask of object 2 is empty"},
		"point outside": {func(_ *testing.T, w *world) *job.Manifest {
			m := photo(w)
			m.Objects[1].Points = []job.Point{{X: 1, Y: 1, Inside: true}, {X: 160, Y: 5}}
			return m
		}, job.CodePointOutside, "Point 2 of object 2 (160,5) does not lie within the photo of 160 × 106 pixels"},
		"too many points": {func(_ *testing.T, w *world) *job.Manifest {
			m := photo(w)
			m.Objects[1].Points = make([]job.Point, 17)
			return m
		}, job.CodeTooManyPoints, "Object 2 has 17 points; the limit is 16"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setting) { s.backends = server.Backends() })
			m := test.job(t, w)
			result := w.invoke(m, 2).result(t)
			if result.Status != job.StatusFailed || result.Error.Code != test.code || !strings.Contains(result.Error.Message, test.says) {
				t.Errorf("the failure is %+v, want %s that says %q", result.Error, test.code, test.says)
			}
		})
	}
}

func TestAnotherUsersMaskIsNotRead(t *testing.T) {
	w := newWorld(t)
	m, theirs := w.job("cat.webp"), newWorld(t).job("cat.webp")
	w.give(theirs, 1, painted(t, 160, 106))
	m.Objects[0].Mask = theirs.Objects[0].Mask
	r := w.invoke(m, 1)
	if r.status != 400 || w.stored(m, 1) != nil || w.backend.calls.Load() != 0 {
		t.Errorf("the answer is %d %s", r.status, r.body)
	}
}

func TestMaskThatIsNotReadInTimeFailsItsObject(t *testing.T) {
	stuck := func(r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	}
	for name, test := range map[string]struct {
		mask  []byte
		fetch func(*http.Request) error
	}{
		"fetch":  {painted(t, 160, 106), stuck},
		"decode": {hostile.EmptyBlocksPNG(160, 106, 270_000), func(*http.Request) error { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setting) {
				s.transport = transport(func(r *http.Request) error {
					if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".mask") {
						return test.fetch(r)
					}
					return nil
				})
			})
			m := w.job("cat.webp", nil, nil, nil)
			w.give(m, 2, test.mask)
			if bytes := m.Objects[1].Mask.Bytes; bytes > job.MaxMaskBytes {
				t.Fatalf("the mask has %d bytes", bytes)
			}
			if result := w.invoke(m, 1).result(t); result.Status != job.StatusSucceeded {
				t.Fatalf("the result is %+v", result)
			}
			w.server.SetPhotoTimeout(50 * time.Millisecond) // of the mask: the photo has been read
			result := w.invoke(m, 2).result(t)
			if result.Error == nil || result.Error.Code != job.CodeTimedOut || !strings.Contains(result.Error.Message, "The mask of object 2 could not be read within 50ms") {
				t.Errorf("the result is %+v", result)
			}
			if result := w.invoke(m, 3).result(t); result.Status != job.StatusSucceeded {
				t.Errorf("the next object: %+v", result)
			}
		})
	}
}
