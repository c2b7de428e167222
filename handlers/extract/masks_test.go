package extract_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/s3test"
)

// mask stores a mask and returns its key and version.
func (w *world) mask(key string, data []byte) {
	w.Helper()
	if event := s3test.Put(w, key, "image/png", nil, data); event != nil {
		w.Errorf("the mask %s runs a function", key)
	}
}

func TestPointsAndMasksOfAPhotoCopiedIn(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/cup & saucer.jpg"
	first, second := blank(t, 600, 400), blank(t, 300, 200)
	w.mask(key+".2.mask", blank(t, 10, 10)) // replaced
	w.mask(key+".2.mask", first)
	w.mask(key+".3.mask", second)
	w.mask(key+".4.mask", blank(t, 10, 10)) // no object has it
	w.handle(w.put(key, "", picture(t, "coffee.jpg"), map[string]string{
		"objects": "10,20,300,380,cup,+100x150 -599x399;*,saucer,mask;0,0,100,100,,+5x5,mask",
	}))
	m := w.manifest()
	if m.Refused != nil || len(m.Objects) != 3 {
		t.Fatalf("the manifest is %+v", m)
	}
	if want := []job.Point{{X: 100, Y: 150, Inside: true}, {X: 599, Y: 399}}; m.Objects[0].Mask != nil || !reflect.DeepEqual(m.Objects[0].Points, want) {
		t.Errorf("object 1 is %+v", m.Objects[0])
	}
	for n, data := range map[int][]byte{2: first, 3: second} {
		mask := m.Objects[n-1].Mask
		if mask == nil || mask.Key != m.Ref().MaskKey(key, n) || mask.Bytes != int64(len(data)) || mask.ETag == "" || strings.Contains(mask.ETag, `"`) || mask.VersionID == "" {
			t.Errorf("the mask of object %d is %+v", n, mask)
		}
	}
	w.wantAsked(3)

	// The job is for the version that was there before the photo.
	w.mask(key+".2.mask", second)
	mask := m.Objects[1].Mask
	body, err := documents().Open(t.Context(), mask.Key, mask.VersionID)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if data, err := io.ReadAll(body); err != nil || !bytes.Equal(data, first) {
		t.Errorf("the mask's version has %d bytes (%v); want %d", len(data), err, len(first))
	}
}

func TestMasksAreOfThePictureAsShown(t *testing.T) {
	turned := picture(t, "coffee-orientation-6.jpg") // stored as 400 × 600 and displayed as 600 × 400
	for _, test := range []struct {
		mask    []byte
		refused bool
	}{{blank(t, 600, 400), false}, {blank(t, 400, 600), true}} {
		w := newWorld(t)
		key := "users/" + w.user + "/input/a.jpg"
		w.mask(key+".1.mask", test.mask)
		w.handle(w.put(key, "", turned, map[string]string{"objects": "*,,mask"}))
		if m := w.manifest(); (m.Refused != nil) != test.refused {
			t.Errorf("refused: %v", m.Refused)
		}
	}
}

func TestMasksOfAJobOfTheAPIAreInItsFolder(t *testing.T) {
	w := newWorld(t)
	ref := w.announce("cat.webp")
	w.mask(ref.InputPrefix()+"1.mask", blank(t, 160, 106))
	w.handle(w.put(ref.PhotoKey("cat", ".webp"), "image/webp", picture(t, "cat.webp"), map[string]string{"objects": "*,,mask"}))
	if m := w.manifest(); m.Refused != nil || m.Objects[0].Mask == nil || m.Objects[0].Mask.Key != ref.InputPrefix()+"1.mask" {
		t.Errorf("the manifest is %+v", m)
	}
	w.wantAsked(1)
}

// A photo in the folder of a job that does not exist is copied in, and so are its
// masks.
func TestMasksOfAPhotoCopiedIntoAnotherFolderAreBesideIt(t *testing.T) {
	w := newWorld(t)
	key := job.Ref{User: w.user, Job: "7zzzzzzzzz0123456789abcdef"}.PhotoKey("cat", ".webp")
	w.mask(key+".1.mask", blank(t, 160, 106))
	w.handle(w.put(key, "", picture(t, "cat.webp"), map[string]string{"objects": "*,,mask"}))
	if m := w.manifest(); m.Refused != nil || m.Objects[0].Mask == nil || m.Objects[0].Mask.Key != key+".1.mask" {
		t.Errorf("the manifest is %+v", m)
	}
}

func TestUnusableMaskFailsTheJobWithAReason(t *testing.T) {
	var colors bytes.Buffer
	if err := png.Encode(&colors, image.NewRGBA(image.Rect(0, 0, 600, 400))); err != nil {
		t.Fatal(err)
	}
	good := blank(t, 600, 400)
	for name, test := range map[string]struct {
		mask    []byte // of object 2, nil for none
		objects string
		code    job.Code
		says    string
	}{
		"wrong size":     {blank(t, 400, 400), "*;*,,mask", job.CodeBadMask, "The mask of object 2 cannot be used: it has 400 × 400 pixels and the photo 600 × 400; make it as large, or smaller with the same shape."},
		"colors":         {colors.Bytes(), "*;*,,mask", job.CodeBadMask, "The mask of object 2 cannot be used: it is a PNG picture with colors; save it with one channel, as 8-bit grayscale."},
		"bomb":           {bomb(t, 100_000, 100_000), "*;*,,mask", job.CodeBadMask, "The mask of object 2 cannot be used: it has 100000 × 100000 pixels"},
		"too many bytes": {append(bytes.Clone(good), make([]byte, 5<<20)...), "*;*,,mask", job.CodeBadMask, "the limit is 4 MB."},
		"empty file":     {[]byte{}, "*;*,,mask", job.CodeBadMask, "The mask of object 2 cannot be used: it is an empty file."},
		"cut":            {good[:len(good)-20], "*;*,,mask", job.CodeBadMask, "incomplete; send it again."},
		"missing":        {nil, "*;*,,mask", job.CodeMaskMissing, "There was no mask for object 2 when the photo came; send the masks first, then the photo."},
		"of another":     {good, "*,,mask;*", job.CodeMaskMissing, "There was no mask for object 1 "},
		"17 points":      {nil, "*;*,," + strings.Repeat("+1x1", 17), job.CodeTooManyPoints, "Object 2 has 17 points; the limit is 16."},
		"point outside":  {nil, "*;*,,+600x1", job.CodePointOutside, "Point 1 of object 2 (600,1) is outside the photo of 600 × 400 pixels; move it inside."},
		"points outside": {nil, "*;*,,-60x1", job.CodeNoPointInside, "Object 2 has only points outside it; add one inside, or a box."},
		"no points":      {nil, "*;*,,60x1", job.CodeBadMetadata, "Object 2 in the list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			key := "users/" + w.user + "/input/a.jpg"
			if test.mask != nil {
				w.mask(key+".2.mask", test.mask)
			}
			w.handle(w.put(key, "", picture(t, "coffee.jpg"), map[string]string{"objects": test.objects}))
			m := w.manifest()
			if m.Refused == nil || m.Refused.Code != test.code || !strings.Contains(m.Refused.Message, test.says) {
				t.Fatalf("refused %+v; want %s with %q", m.Refused, test.code, test.says)
			}
			data, _ := s3test.Get(t, w.job().ManifestKey())
			if _, err := job.ParseManifest(data); err != nil {
				t.Errorf("readers refuse the manifest: %v", err)
			}
			for _, o := range m.Objects {
				if r := s3test.Document[job.Result](t, w.job().ResultKey(o.Index)); r.Error == nil || *r.Error != *m.Refused {
					t.Errorf("result %d is %+v", o.Index, r)
				}
			}
			if asked := w.endpoint.asked(); len(asked) != 0 {
				t.Errorf("the endpoint was asked for %v", asked)
			}
		})
	}
}

// The masks of a refused photo belong to the job and are deleted with it.
func TestMasksOfARefusedPhotoAreInTheManifest(t *testing.T) {
	w := newWorld(t)
	key := "users/" + w.user + "/input/a.jpg"
	w.mask(key+".1.mask", []byte("x"))
	w.handle(w.put(key, "", []byte("Dear reader, this is a letter."), map[string]string{"objects": "*,,mask"}))
	m := w.manifest()
	if m.Refused == nil || m.Refused.Code != job.CodeNotAnImage || m.Objects[0].Mask == nil {
		t.Fatalf("the manifest is %+v", m)
	}
	snapshot, err := documents().Snapshot(t.Context(), m.Ref())
	if err != nil {
		t.Fatal(err)
	}
	if err := documents().RemoveJob(t.Context(), snapshot); err != nil {
		t.Fatal(err)
	}
	if left := s3test.Keys(t, "users/"+w.user+"/"); len(left) != 0 {
		t.Errorf("left are %q", left)
	}
}

func TestOnlyTheEndsOfAMaskAreRead(t *testing.T) {
	noise := image.NewGray(image.Rect(0, 0, 600, 400))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = byte(random.Uint32())
	}
	var data bytes.Buffer
	if err := png.Encode(&data, noise); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	key := "users/" + w.user + "/input/a.jpg"
	w.mask(key+".1.mask", data.Bytes())
	event := w.put(key, "", picture(t, "coffee.jpg"), map[string]string{"objects": "*,,mask"})
	read := 0
	w.wire = transport(func(r *http.Request) (*http.Response, error) {
		response, err := drain(r)
		if err == nil && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".mask") {
			body, _ := io.ReadAll(response.Body)
			response.Body = io.NopCloser(bytes.NewReader(body))
			read += len(body)
		}
		return response, err
	})
	w.handle(event)
	if m := w.manifest(); m.Refused != nil {
		t.Fatalf("refused: %v", m.Refused)
	}
	if read == 0 || read > 80_000 || data.Len() < 200_000 {
		t.Errorf("%d bytes of a mask of %d are read", read, data.Len())
	}
}

// A fault of S3 is no reason to refuse the mask.
func TestAMaskThatCannotBeReadIsAnError(t *testing.T) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		w := newWorld(t)
		key := "users/" + w.user + "/input/a.jpg"
		w.mask(key+".1.mask", blank(t, 600, 400))
		event := w.put(key, "", picture(t, "coffee.jpg"), map[string]string{"objects": "*,,mask"})
		w.retries = 1
		w.wire = transport(func(r *http.Request) (*http.Response, error) {
			if r.Method == method && strings.HasSuffix(r.URL.Path, ".mask") {
				return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
			}
			return drain(r)
		})
		if err := w.handler().Handle(t.Context(), event); err == nil || len(w.jobs()) != 0 {
			t.Errorf("%s: the error is %v, and there are %d jobs", method, err, len(w.jobs()))
		}
	}
}
