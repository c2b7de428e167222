package scene_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/qmuntal/gltf"
	"github.com/qmuntal/gltf/modeler"

	"gen3d/internal/job"
	"gen3d/internal/scene"
)

// In PyTorch3D's camera space +X is left and +Z is away from the camera. In
// glTF's, +X is right and the camera looks along -Z.
func TestWhatThePhotoShowsLeftIsLeftInTheScene(t *testing.T) {
	s := scene.Scene{Backend: job.BackendRelief, Width: 640, Height: 480, Objects: []scene.Object{
		{Number: 1, Label: "left", Pose: poseAt(0.3, 0, 2, 1), File: colored(t, "left", 10)},
		{Number: 2, Label: "upper right", Pose: poseAt(-0.3, 0.2, 2, 1), File: colored(t, "upper right", 20)},
		{Number: 3, Label: "behind", Pose: poseAt(0, 0, 5, 0.5), File: colored(t, "behind", 30)},
	}}
	f, err := s.GLB(t.Context())
	doc := decode(t, content(t, f, err))
	want := map[string][3]float64{"left": {-0.3, 0, -2}, "upper right": {0.3, 0.2, -2}, "behind": {0, 0, -5}}
	if len(doc.Nodes) != 3 || len(doc.Scenes) != 1 || len(doc.Scenes[0].Nodes) != 3 {
		t.Fatalf("the scene has %d nodes", len(doc.Nodes))
	}
	for _, n := range doc.Nodes {
		if n.Translation != want[n.Name] {
			t.Errorf("%s is at %v, not %v", n.Name, n.Translation, want[n.Name])
		}
		// A mesh whose pose has no rotation has its +X left and its +Z away:
		// half a turn around +Y.
		if n.Rotation != [4]float64{0, 1, 0, 0} {
			t.Errorf("%s is turned by %v", n.Name, n.Rotation)
		}
	}
}

func TestAnyPoseMapsPointsAsPyTorch3DDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var q [4]float64
		for k := range q {
			q[k] = rng.NormFloat64()
		}
		length := math.Sqrt(q[0]*q[0] + q[1]*q[1] + q[2]*q[2] + q[3]*q[3])
		for k := range q {
			q[k] /= length
		}
		pose := job.Pose{Rotation: q}
		for k := range 3 {
			pose.Translation[k], pose.Scale[k] = rng.NormFloat64(), rng.Float64()+0.1
		}
		s := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: pose, File: colored(t, "a", 1)}}}
		f, err := s.GLB(t.Context())
		node := decode(t, content(t, f, err)).Nodes[0]
		for range 5 {
			v := [3]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
			place := func(rotation [4]float64, translation, scale [3]float64) [3]float64 {
				out := turned(rotation, [3]float64{v[0] * scale[0], v[1] * scale[1], v[2] * scale[2]})
				return [3]float64{out[0] + translation[0], out[1] + translation[1], out[2] + translation[2]}
			}
			in := place(pose.Rotation, pose.Translation, pose.Scale)
			r := node.Rotation
			got := place([4]float64{r[3], r[0], r[1], r[2]}, node.Translation, node.Scale)
			if want := [3]float64{-in[0], in[1], -in[2]}; !near(got, want, 1e-9) {
				t.Fatalf("the point %v of the pose %+v is at %v, not %v", v, pose, got, want)
			}
		}
	}
}

// Two objects with a texture each and one with colors.
func mixed(t testing.TB) scene.Scene {
	return scene.Scene{Backend: job.BackendSAM3D, Objects: []scene.Object{
		{Number: 1, Label: "box", Pose: poseAt(0, 0, 1, 1), File: textured(t, "first image")},
		{Number: 2, Label: "stone", Pose: poseAt(1, 0, 1, 1), File: colored(t, "stone", 77)},
		{Number: 5, Label: "book", Pose: poseAt(2, 0, 1, 1), File: textured(t, "another image")},
	}}
}

func TestObjectsKeepTheirDataAndLooks(t *testing.T) {
	s := mixed(t)
	f, err := s.GLB(t.Context())
	doc := decode(t, content(t, f, err))
	looks := map[string]string{}
	for _, n := range doc.Nodes {
		p := doc.Meshes[*n.Mesh].Primitives[0]
		original := decode(t, s.Objects[slices.IndexFunc(s.Objects, func(o scene.Object) bool { return o.Label == n.Name })].File.(stored))
		theirs := original.Meshes[0].Primitives[0]
		for name, accessor := range theirs.Attributes {
			got, err := modeler.ReadAccessor(doc, doc.Accessors[p.Attributes[name]], nil)
			want, wantErr := modeler.ReadAccessor(original, original.Accessors[accessor], nil)
			if err != nil || wantErr != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s of %s is %v (%v), not %v (%v)", name, n.Name, got, err, want, wantErr)
			}
		}
		indices, err := modeler.ReadIndices(doc, doc.Accessors[*p.Indices], nil)
		want, _ := modeler.ReadIndices(original, original.Accessors[*theirs.Indices], nil)
		if err != nil || !slices.Equal(indices, want) {
			t.Errorf("the indices of %s are %v (%v), not %v", n.Name, indices, err, want)
		}
		material := doc.Materials[*p.Material]
		if material.PBRMetallicRoughness.BaseColorTexture == nil {
			looks[n.Name] = "colored"
			continue
		}
		texture := doc.Textures[material.PBRMetallicRoughness.BaseColorTexture.Index]
		image, err := modeler.ReadBufferView(doc, doc.BufferViews[*doc.Images[*texture.Source].BufferView])
		if err != nil || doc.Samplers[*texture.Sampler].MagFilter != gltf.MagNearest {
			t.Errorf("the texture of %s: %v, %+v", n.Name, err, doc.Samplers)
		}
		looks[n.Name] = string(image)
	}
	if want := map[string]string{"box": "first image", "stone": "colored", "book": "another image"}; fmt.Sprint(looks) != fmt.Sprint(want) {
		t.Errorf("the objects look %v, not %v", looks, want)
	}
	if extras, _ := doc.Asset.Extras.(map[string]any); doc.Asset.Generator != "Gen3D" || extras["backend"] != "sam3d" {
		t.Errorf("the asset is %+v", doc.Asset)
	}
}

func TestTheSameObjectsMakeTheSameBytes(t *testing.T) {
	one, another := mixed(t), mixed(t)
	f, err := one.GLB(t.Context())
	first := content(t, f, err)
	f, err = another.GLB(t.Context())
	if !bytes.Equal(first, content(t, f, err)) {
		t.Error("they differ")
	}
}

func TestASceneIsReadFromAnyOffset(t *testing.T) {
	s := mixed(t)
	f, err := s.GLB(t.Context())
	want := content(t, f, err)
	r := f.Open(t.Context())
	defer func() { _ = r.Close() }()
	if err := iotest.TestReader(r, want); err != nil {
		t.Error(err)
	}
}

func TestNamesDiffer(t *testing.T) {
	var s scene.Scene
	for i, label := range []string{"coin", "", "coin", "coin 1", "photo camera", `a "quoted" <name> 猫`} {
		s.Objects = append(s.Objects, scene.Object{Number: i + 1, Label: label, Pose: poseAt(0, 0, 1, 1), File: colored(t, "x", 1)})
	}
	f, err := s.GLB(t.Context())
	var names []string
	for _, n := range decode(t, content(t, f, err)).Nodes {
		names = append(names, n.Name)
	}
	want := []string{"coin 1 1", "object 2", "coin 3", "coin 1", "photo camera 5", `a "quoted" <name> 猫`}
	if !slices.Equal(names, want) {
		t.Errorf("the names are %q, not %q", names, want)
	}
}

func TestThePhotosCameraIsInTheScene(t *testing.T) {
	for name, test := range map[string]struct {
		camera        job.Camera
		width, height int
		check         func(*gltf.Camera) bool
	}{
		"orthographic": {job.Camera{YMag: 0.375}, 640, 480, func(c *gltf.Camera) bool {
			o := c.Orthographic
			return o != nil && math.Abs(o.Xmag-0.5) < 1e-12 && o.Ymag == 0.375 && o.Znear >= 0 && o.Zfar > 2
		}},
		"perspective": {job.Camera{YFov: 0.8}, 480, 640, func(c *gltf.Camera) bool {
			p := c.Perspective
			return p != nil && p.Yfov == 0.8 && *p.AspectRatio == 0.75 && p.Znear > 0 && *p.Zfar > 2
		}},
	} {
		pose := poseAt(0, 0, 1.5, 1)
		pose.Camera = &test.camera
		s := scene.Scene{Width: test.width, Height: test.height, Objects: []scene.Object{{Number: 1, Pose: pose, File: colored(t, "x", 1)}}}
		f, err := s.GLB(t.Context())
		doc := decode(t, content(t, f, err))
		i := slices.IndexFunc(doc.Nodes, func(n *gltf.Node) bool { return n.Camera != nil })
		if i < 0 || doc.Nodes[i].Translation != [3]float64{} || doc.Nodes[i].Name != "photo camera" || !slices.Contains(doc.Scenes[0].Nodes, i) {
			t.Errorf("%s: the camera's node is %d", name, i)
			continue
		}
		if !test.check(doc.Cameras[*doc.Nodes[i].Camera]) {
			t.Errorf("%s: the camera is %+v", name, doc.Cameras[0])
		}
	}
}

func TestAnObjectWithOwnTransformsGetsANodeAbove(t *testing.T) {
	doc := decode(t, colored(t, "x", 1))
	doc.Nodes[0].Translation = [3]float64{1, 2, 3}
	doc.Nodes = append(doc.Nodes, &gltf.Node{Children: []int{0}, Rotation: [4]float64{0, 0, 0, 1}, Scale: [3]float64{2, 2, 2}})
	doc.Scenes[0].Nodes = []int{1}
	var out bytes.Buffer
	if err := gltf.NewEncoder(&out).Encode(doc); err != nil {
		t.Fatal(err)
	}
	s := scene.Scene{Objects: []scene.Object{
		{Number: 1, Label: "first", Pose: poseAt(0, 0, 1, 1), File: colored(t, "first", 2)},
		{Number: 2, Label: "cup", Pose: poseAt(0, 0, 7, 1), File: stored(out.Bytes())},
	}}
	f, err := s.GLB(t.Context())
	got := decode(t, content(t, f, err))
	roots := got.Scenes[0].Nodes
	if len(roots) != 2 {
		t.Fatalf("the scene has the nodes %v", roots)
	}
	top := got.Nodes[roots[1]]
	if top.Name != "cup" || top.Translation[2] != -7 || len(top.Children) != 1 {
		t.Fatalf("the object's node is %+v", top)
	}
	scaled := got.Nodes[top.Children[0]]
	if scaled.Scale != [3]float64{2, 2, 2} || got.Nodes[scaled.Children[0]].Translation != [3]float64{1, 2, 3} {
		t.Errorf("below it are %+v and %+v", scaled, got.Nodes[scaled.Children[0]])
	}
}

// rewritten returns a GLB with its JSON changed by replacing text.
func rewritten(t testing.TB, file stored, old, new string) stored {
	t.Helper()
	length := int(file[12]) | int(file[13])<<8 | int(file[14])<<16
	text := string(file[20 : 20+length])
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %s", text, old)
	}
	return assembled(strings.Replace(text, old, new, 1), file[20+length:])
}

func assembled(text string, rest []byte) stored {
	for len(text)%4 != 0 {
		text += " "
	}
	word := func(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)} }
	out := append([]byte("glTF\x02\x00\x00\x00"), word(20+len(text)+len(rest))...)
	out = append(append(out, word(len(text))...), "JSON"...)
	return append(append(out, text...), rest...)
}

func TestExtensionsAreCarriedWithTheirReferences(t *testing.T) {
	painted := textured(t, "picture")
	painted = rewritten(t, painted, `"source":0`, `"extensions":{"EXT_texture_webp":{"source":0}}`)
	painted = rewritten(t, painted, `"name":"painted"`, `"name":"painted","extensions":{"KHR_materials_clearcoat":{"clearcoatFactor":0.123456789012345678,"clearcoatTexture":{"index":0}}}`)
	painted = rewritten(t, painted, `"asset":`, `"extensionsUsed":["KHR_materials_clearcoat","EXT_texture_webp"],"extensionsRequired":["EXT_texture_webp"],"asset":`)
	s := mixed(t)
	s.Objects[2].File = painted
	f, err := s.GLB(t.Context())
	got := string(content(t, f, err))
	for _, want := range []string{
		`"extensions":{"EXT_texture_webp":{"source":1}}`, `"clearcoatTexture":{"index":1}`, `"clearcoatFactor":0.123456789012345678`,
		`"extensionsUsed":["EXT_texture_webp","KHR_materials_clearcoat"]`, `"extensionsRequired":["EXT_texture_webp"]`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %.3000q", want, got)
		}
	}
}

func TestWhatCannotBeCombinedIsRefused(t *testing.T) {
	good := textured(t, "picture")
	for name, test := range map[string]struct {
		file stored
		says string
	}{
		"empty":               {stored{}, "0 bytes"},
		"text":                {stored("solid ascii stl, not a glb at all"), "not binary glTF"},
		"cut off":             {good[:len(good)-4], "says that it has"},
		"longer":              {append(slices.Clone(good), 0, 0, 0, 0), "says that it has"},
		"another chunk":       {assembled(`{"asset":{"version":"2.0"}}`, []byte("\x04\x00\x00\x00ABCD1234")), "BIN chunk"},
		"no JSON":             {assembled(`{"asset"`, nil), "JSON"},
		"null":                {assembled(`null`, nil), "not 2.0"},
		"two values":          {assembled(`{} {}`, nil), "followed by"},
		"version 1":           {rewritten(t, good, `"version":"2.0"`, `"version":"1.0"`), "not 2.0"},
		"an animation":        {rewritten(t, good, `"asset":`, `"animations":[{}],"asset":`), "animations"},
		"a skin":              {rewritten(t, good, `"nodes":[{`, `"nodes":[{"skin":0,`), "skins"},
		"Draco":               {rewritten(t, good, `"asset":`, `"extensionsUsed":["KHR_draco_mesh_compression"],"asset":`), "KHR_draco"},
		"unlisted Draco":      {rewritten(t, good, `"primitives":[{`, `"primitives":[{"extensions":{"KHR_draco_mesh_compression":{"bufferView":0}},`), "KHR_draco"},
		"a file elsewhere":    {rewritten(t, good, `"buffers":[{`, `"buffers":[{"uri":"http://169.254.169.254/",`), "not in its BIN chunk"},
		"an image elsewhere":  {rewritten(t, good, `"images":[{`, `"images":[{"uri":"a.png",`), "image in another file"},
		"a missing mesh":      {rewritten(t, good, `"mesh":0`, `"mesh":1`), "1 of 1 meshes"},
		"a negative index":    {rewritten(t, good, `"mesh":0`, `"mesh":-1`), "whole number"},
		"an index of text":    {rewritten(t, good, `"mesh":0`, `"mesh":"0"`), "whole number"},
		"a missing texture":   {rewritten(t, good, `"baseColorTexture":{"index":0`, `"baseColorTexture":{"index":9`), "9 of 1 textures"},
		"a circle":            {rewritten(t, good, `"nodes":[{"mesh":0`, `"nodes":[{"mesh":0},{"children":[2]},{"children":[1]},{"mesh":0`), "circle"},
		"a child of itself":   {rewritten(t, good, `"nodes":[{`, `"nodes":[{"children":[0],`), "parent"},
		"a view past the end": {rewritten(t, good, `"byteLength":36`, `"byteLength":36000`), "not in its buffer"},
		"no scene":            {rewritten(t, good, `"scenes":`, `"extras":`), "no scene"},
		"a deep list":         {assembled(strings.Repeat("[", 200_000), nil), "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			s := mixed(t)
			s.Objects[1].File = test.file
			f, err := s.GLB(t.Context())
			if err == nil {
				t.Fatalf("it is in a scene of %d bytes", f.Size())
			}
			if !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "object 2: ") {
				t.Errorf("the error is %q, which does not say %q", err, test.says)
			}
		})
	}
}

func TestAPoseThatPlacesNothingIsRefused(t *testing.T) {
	for name, change := range map[string]func(*job.Pose){
		"no rotation":     func(p *job.Pose) { p.Rotation = [4]float64{} },
		"no size":         func(p *job.Pose) { p.Scale[1] = 0 },
		"a negative size": func(p *job.Pose) { p.Scale[1] = -1 },
		"not a number":    func(p *job.Pose) { p.Translation[2] = math.NaN() },
		"infinite":        func(p *job.Pose) { p.Scale[0] = math.Inf(1) },
		"turned by NaN":   func(p *job.Pose) { p.Rotation[3] = math.NaN() },
	} {
		pose := poseAt(0, 0, 1, 1)
		change(&pose)
		s := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: pose, File: colored(t, "x", 1)}}}
		if _, err := s.GLB(t.Context()); err == nil || scene.Placed(&pose) {
			t.Errorf("%s: the object is in the scene", name)
		}
	}
	if pose := poseAt(0, 0, 1, 1); scene.Placed(nil) || !scene.Placed(&pose) {
		t.Error("a pose is not told from none")
	}
}

// An object's file that shrinks between the two reads.
func TestAFileThatEndsEarlyFailsTheRead(t *testing.T) {
	file := &shrinking{stored: colored(t, "x", 1)}
	s := scene.Scene{Objects: []scene.Object{{Number: 3, Pose: poseAt(0, 0, 1, 1), File: file}}}
	f, err := s.GLB(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file.missing = 10
	if _, err := io.ReadAll(f.Open(t.Context())); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the error is %v", err)
	}
}

func FuzzGLB(f *testing.F) {
	f.Add([]byte(textured(f, "picture")))
	f.Add([]byte(colored(f, "stone", 7)))
	f.Add([]byte(assembled(`{"asset":{"version":"2.0"},"scenes":[{"nodes":[0]}],"nodes":[{"children":[1]},{}]}`, nil)))
	other := colored(f, "other", 9)
	f.Fuzz(func(t *testing.T, data []byte) {
		s := scene.Scene{Objects: []scene.Object{
			{Number: 1, Pose: poseAt(0, 0, 1, 1), File: other},
			{Number: 2, Pose: poseAt(0, 0, 2, 1), File: stored(data)},
		}}
		file, err := s.GLB(t.Context())
		if err != nil {
			return
		}
		merged := content(t, file, nil)
		again := scene.Scene{Objects: []scene.Object{{Number: 1, Pose: poseAt(0, 0, 1, 1), File: stored(merged)}}}
		if _, err := again.GLB(t.Context()); err != nil {
			t.Fatalf("the scene is not a valid GLB: %v\n%q", err, merged)
		}
	})
}
