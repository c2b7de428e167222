package notify_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qmuntal/gltf"

	"gen3d/internal/job"
	"gen3d/model-image/server/mesh"
	"gen3d/tests/support/s3test"
)

// place writes object n's mesh and splat and its result, with a place in the
// photo, as relief does.
func (s *service) place(m *job.Manifest, n int) {
	s.t.Helper()
	x := float64(n) - 1.5
	s.write(m, n, &job.Pose{
		Rotation: [4]float64{0, 0, 1, 0}, Translation: [3]float64{-x, 0, 1}, Scale: [3]float64{0.5, 0.5, 0.5}, Camera: &job.Camera{YMag: 0.375},
	}, func(format job.Format) []byte {
		made := &mesh.Mesh{
			Positions: []mesh.Vec3{{-0.5, 0, 0}, {0.5, 0, 0}, {0, 0.4, 0}, {0, 0, 0.3}},
			Triangles: [][3]uint32{{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}},
			Colors:    slices.Repeat([][4]uint8{{uint8(n), 2, 3, 255}}, 4),
		}
		from := mesh.Origin{Name: m.Objects[n-1].Label, Backend: string(job.BackendRelief)}
		var out bytes.Buffer
		err := made.WriteGLB(&out, from)
		if format == job.FormatSplat {
			out.Reset()
			err = made.WriteSplat(&out, from, mesh.SplatOptions{Count: 10 * n})
		}
		if err != nil {
			s.t.Fatal(err)
		}
		return out.Bytes()
	})
}

// write writes the requested files of object n and its result.
func (s *service) write(m *job.Manifest, n int, pose *job.Pose, content func(job.Format) []byte) {
	s.t.Helper()
	r := job.Result{
		Version: job.Version, Index: n, Status: job.StatusSucceeded, Backend: job.BackendRelief, FinishedAt: time.Now().UTC(),
		Mesh: &job.MeshStats{Vertices: 4, Faces: 4}, Pose: pose,
	}
	for _, format := range m.Options.Formats {
		file, err := s.bucket.PutFile(s.t.Context(), m.Ref(), n, format, content(format))
		if err != nil {
			s.t.Fatal(err)
		}
		r.Files = append(r.Files, file)
	}
	s.result(m, r)
}

// checkScene checks the scene of a job whose objects were placed.
func (s *service) checkScene(m *job.Manifest, objects ...int) *gltf.Document {
	s.t.Helper()
	made := s3test.Document[job.Scene](s.t, m.Ref().SceneKey())
	if made.Status != job.StatusSucceeded || made.Error != nil || !slices.Equal(made.Objects, objects) || len(made.Files) != 2 {
		s.t.Fatalf("the scene is %+v\n%s", made, s.output)
	}
	contents := map[job.Format][]byte{}
	for _, f := range made.Files {
		data, ok := s3test.Get(s.t, m.Ref().SceneFileKey(f.Format))
		if !ok || int64(len(data)) != f.Bytes {
			s.t.Fatalf("the file %s of %d bytes is there: %v, with %d", f.Format, f.Bytes, ok, len(data))
		}
		contents[f.Format] = data
	}
	gaussians := 0
	for _, n := range objects {
		gaussians += 10 * n
	}
	if want := fmt.Sprintf("element vertex %d\n", gaussians); !bytes.Contains(contents[job.FormatSplat], []byte(want)) {
		s.t.Errorf("the splat does not have %q", want)
	}
	doc := new(gltf.Document)
	if err := gltf.NewDecoder(bytes.NewReader(contents[job.FormatGLB])).Decode(doc); err != nil {
		s.t.Fatal(err)
	}
	if len(doc.Nodes) != len(objects)+1 {
		s.t.Errorf("the scene has %d nodes, not %d objects and a camera", len(doc.Nodes), len(objects))
	}
	return doc
}

// watching is a transport that sees each request before it is sent.
type watching func(*http.Request) error

func (w watching) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w(r); err != nil {
		return nil, err
	}
	return s3test.Transport.RoundTrip(r)
}

func TestSceneIsThereBeforeTheMails(t *testing.T) {
	s := newService(t)
	m := s.job("desk.jpg", "mug", "")
	s.place(m, 1)
	s.place(m, 2)
	mails := 0
	err := run(t, s.handler(watching(func(r *http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/outbound-emails") {
			mails++
			if _, ok := s3test.Get(t, m.Ref().SceneKey()); !ok {
				t.Error("a mail was sent before the scene was settled")
			}
		}
		return nil
	})), "request-1", s.last(m))
	if err != nil || mails != 2 {
		t.Fatalf("%d mails: %v", mails, err)
	}
	doc := s.checkScene(m, 1, 2)
	for name, x := range map[string]float64{"mug": -0.5, "object 2": 0.5} {
		i := slices.IndexFunc(doc.Nodes, func(n *gltf.Node) bool { return n.Name == name })
		if i < 0 || doc.Nodes[i].Translation != [3]float64{x, 0, -1} {
			t.Errorf("%s is node %d of %+v", name, i, doc.Nodes)
		}
	}
	made := s3test.Document[job.Scene](t, m.Ref().SceneKey())
	mail, toAdmin := s.bothMails()
	for what, text := range map[string]string{"text": mail.Text, "HTML": mail.HTML, "admin's": toAdmin.Text} {
		wants(t, what, text, "The whole scene", "scene.glb", "scene.ply", job.Bytes(made.Files[1].Bytes))
	}
	// A repeat of the event changes nothing.
	before, _ := s3test.Get(t, m.Ref().SceneKey())
	s.mustRun(s.last(m))
	if after, _ := s3test.Get(t, m.Ref().SceneKey()); !bytes.Equal(before, after) {
		t.Errorf("the scene was\n%s\nand is\n%s", before, after)
	}
}

func TestSceneHasTheFormatsOfTheJob(t *testing.T) {
	for name, test := range map[string]struct {
		formats []job.Format
		want    []string
	}{
		"meshes": {[]job.Format{job.FormatGLB}, []string{"scene.glb", "scene.json"}},
		"splats": {[]job.Format{job.FormatPLY, job.FormatSplat}, []string{"scene.json", "scene.ply"}},
		"none":   {[]job.Format{job.FormatPLY}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			m := s.job("desk.jpg", "mug", "pen")
			s3test.Delete(t, m.Ref().ManifestKey())
			m.Options.Formats = test.formats
			if _, err := s.bucket.CreateManifest(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			s.place(m, 1)
			s.place(m, 2)
			s.mustRun(s.last(m))
			s.checkDone(m)
			var names []string
			for _, key := range s.bucketKeys(m.Ref().OutputPrefix() + "scene") {
				names = append(names, strings.TrimPrefix(key, m.Ref().OutputPrefix()))
			}
			if !slices.Equal(names, test.want) {
				t.Errorf("the scene has %v, not %v", names, test.want)
			}
		})
	}
}

func TestOneObjectIsNoScene(t *testing.T) {
	s := newService(t)
	m := s.job("desk.jpg", "mug", "pen")
	s.place(m, 1)
	s.failed(m, 2, job.Failure{Code: job.CodeNoObject, Message: "No object stands out in the box; draw it tighter."})
	s.mustRun(s.last(m))
	s.checkDone(m)
	if keys := s.bucketKeys(m.Ref().OutputPrefix() + "scene"); len(keys) > 0 {
		t.Errorf("it has %v", keys)
	}
	if mail, _ := s.bothMails(); strings.Contains(mail.Text, "scene") {
		t.Errorf("the mail speaks of a scene:\n%s", mail.Text)
	}
}

func TestObjectsWithoutAPlaceAreNamed(t *testing.T) {
	s := newService(t)
	m := s.job("desk.jpg", "mug", "pen", "cup", "book")
	s.place(m, 1)
	s.succeed(m, 2) // has no pose
	s.failed(m, 3, job.Failure{Code: job.CodeNoObject, Message: "No object stands out in the box; draw it tighter."})
	s.place(m, 4)
	s.mustRun(s.last(m))
	s.checkDone(m)
	s.checkScene(m, 1, 4)
	if made := s3test.Document[job.Scene](t, m.Ref().SceneKey()); !slices.Equal(made.Unplaced, []int{2}) {
		t.Errorf("the objects without a place are %v", made.Unplaced)
	}
	mail, _ := s.bothMails()
	wants(t, "text", mail.Text, "Object 2 is not in the scene: the model found no place for it.")
	wants(t, "HTML", mail.HTML, "Object 2 is not in the scene: the model found no place for it.")
}

func TestTheMailsGoOutWhateverBecomesOfTheScene(t *testing.T) {
	junk := func(job.Format) []byte { return bytes.Repeat([]byte{1}, 2048) }
	pose := &job.Pose{Rotation: [4]float64{1, 0, 0, 0}, Scale: [3]float64{1, 1, 1}}
	for name, test := range map[string]struct {
		second func(*service, *job.Manifest)
		wire   watching
		code   job.Code
		files  int
	}{
		"no poses": {second: func(s *service, m *job.Manifest) { s.succeed(m, 2) }, code: job.CodeNoPlaces},
		"files that are none": {
			second: func(s *service, m *job.Manifest) { s.write(m, 2, pose, junk) }, code: job.CodeSceneFailed,
		},
		"a file that is gone": {
			second: func(s *service, m *job.Manifest) {
				s.place(m, 2)
				s3test.Delete(s.t, m.Ref().FileKey(2, job.FormatGLB))
			}, code: job.CodeSceneFailed, files: 1,
		},
		"a file that was replaced": {
			second: func(s *service, m *job.Manifest) {
				s.place(m, 2)
				s3test.Put(s.t, m.Ref().FileKey(2, job.FormatSplat), "application/octet-stream", nil, junk(""))
			}, code: job.CodeSceneFailed, files: 1,
		},
		"a store that does not answer": {
			second: func(s *service, m *job.Manifest) { s.place(m, 2); s.sceneTimeout = 50 * time.Millisecond },
			wire: func(r *http.Request) error {
				if r.Header.Get("Range") == "" {
					return nil
				}
				<-r.Context().Done()
				return r.Context().Err()
			}, code: job.CodeTimedOut,
		},
		"a store that takes no scene": {
			second: func(s *service, m *job.Manifest) { s.place(m, 2) },
			wire: func(r *http.Request) error {
				if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/scene.glb") {
					return errEnded
				}
				return nil
			}, code: job.CodeSceneFailed, files: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			m := s.job("desk.jpg", "mug", "pen")
			s.place(m, 1)
			test.second(s, m)
			var transport http.RoundTripper
			if test.wire != nil {
				transport = test.wire
			}
			if err := run(t, s.handler(transport), "request-1", s.last(m)); err != nil {
				t.Fatal(err)
			}
			s.checkDone(m)
			made := s3test.Document[job.Scene](t, m.Ref().SceneKey())
			if made.Status != job.StatusFailed || made.Error == nil || made.Error.Code != test.code || len(made.Files) != test.files {
				t.Fatalf("the scene is %+v with %+v\n%s", made, made.Error, s.output)
			}
			mail, _ := s.bothMails()
			if mail.Subject != "Your 3D Mesh is Ready!" {
				t.Errorf("the subject is %q", mail.Subject)
			}
			wants(t, "text", mail.Text, "The whole scene", made.Error.Message, "Your 2 meshes are ready")
			if notice, _, _ := s.bucket.Notice(t.Context(), m.Ref()); notice.Summary.State != job.StateSucceeded {
				t.Errorf("the job is %s", notice.Summary.State)
			}
		})
	}
}

func TestConcurrentRunsMakeOneScene(t *testing.T) {
	s := newService(t)
	s.waitTimeout = 10 * time.Minute
	m := s.job("desk.jpg", "mug", "pen", "cup")
	for n := 1; n <= 3; n++ {
		s.place(m, n)
	}
	h := s.handler(nil)
	var all sync.WaitGroup
	for i, event := range s.events(m) {
		all.Go(func() {
			if err := run(t, h, fmt.Sprintf("request-%d", i), event); err != nil {
				t.Errorf("event %d: %v", i, err)
			}
		})
	}
	all.Wait()
	s.checkScene(m, 1, 2, 3)
	s.bothMails()
	s.checkDone(m)
}

// A run that ends between the scene's files and scene.json: the files of the
// first stand, and the next run completes the scene.
func TestFilesOfAnEarlierRunStand(t *testing.T) {
	s := newService(t)
	m := s.job("desk.jpg", "mug", "pen")
	s.place(m, 1)
	s.place(m, 2)
	s.mustRun(s.last(m))
	first, _ := s3test.Get(t, m.Ref().SceneFileKey(job.FormatGLB))
	s3test.Delete(t, m.Ref().SceneKey())
	s3test.Delete(t, m.Ref().NoticeKey())
	s.mustRun(s.last(m))
	s.checkScene(m, 1, 2)
	if second, _ := s3test.Get(t, m.Ref().SceneFileKey(job.FormatGLB)); !bytes.Equal(first, second) {
		t.Error("the scene's bytes changed")
	}
}

func TestSceneOfADeletedJobIsRemoved(t *testing.T) {
	s := newService(t)
	m := s.job("desk.jpg", "mug", "pen")
	s.place(m, 1)
	s.place(m, 2)
	event := s.last(m)
	err := run(t, s.handler(watching(func(r *http.Request) error {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/scene.json") {
			return s.bucket.DeleteJob(t.Context(), m.Ref(), "")
		}
		return nil
	})), "request-1", event)
	if err != nil {
		t.Fatal(err)
	}
	if keys := s.bucketKeys(m.Ref().OutputPrefix()); len(keys) > 0 {
		t.Errorf("left are %v", keys)
	}
	if mails := s.mails(); len(mails) > 0 {
		t.Errorf("%d mails were sent about a deleted job", len(mails))
	}
}
