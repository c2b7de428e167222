// Command make reconstructs objects of the test photos and writes the files of
// each into a folder, for other programs to check: mesh.glb, mesh-dense.glb,
// mesh.ply, splat.ply, splat.spz, preview.png and stats.json. With --scene it also
// writes the scene of the objects of one photo: scene.glb, scene.ply and the mask
// of each object.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"log"
	"os"
	"path/filepath"

	"gen3d/internal/job"
	"gen3d/model-image/server/mask"
	"gen3d/model-image/server/mesh"
	"gen3d/model-image/server/relief"
)

// objects are the objects to reconstruct: a photo, and a box or the whole
// picture.
var objects = []struct {
	name, photo string
	box         *image.Rectangle
}{
	{"saucer", "coffee.jpg", rect(75, 15, 482, 390)},
	{"astronaut", "astronaut.jpg", rect(20, 10, 365, 512)},
	{"helmet", "astronaut.jpg", rect(275, 340, 510, 512)},
	{"shuttle", "astronaut.jpg", rect(350, 0, 474, 290)},
	{"coin", "coins.png", rect(302, 8, 372, 76)},
	{"cat", "cat-cutout.png", nil},
	{"picture", "cat.jpg", nil},
}

func rect(x0, y0, x1, y1 int) *image.Rectangle {
	r := image.Rect(x0, y0, x1, y1)
	return &r
}

func main() {
	log.SetFlags(0)
	photos := flag.String("photos", "testdata/photos", "folder of the photos")
	out := flag.String("out", "", "folder to write to")
	scene := flag.String("scene", "", "folder to write the scene to")
	flag.Parse()
	if *out == "" {
		log.Fatal("--out is required")
	}
	if *scene != "" {
		if err := writeScene(filepath.Join(*photos, "coins.png"), *scene); err != nil {
			log.Fatalf("making the scene: %v", err)
		}
	}
	for _, o := range objects {
		if err := write(filepath.Join(*photos, o.photo), o.box, filepath.Join(*out, o.name), o.name); err != nil {
			log.Fatalf("reconstructing %s: %v", o.name, err)
		}
	}
}

// write reconstructs one object and writes its files.
func write(photoPath string, box *image.Rectangle, folder, name string) error {
	photo, err := read(photoPath)
	if err != nil {
		return err
	}
	m, _, _, err := reconstruct(photo, box)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	from := mesh.Origin{Name: name, Backend: string(relief.Name)}
	for file, fill := range map[string]func(io.Writer) error{
		"mesh.glb":       func(w io.Writer) error { return m.WriteTexturedGLB(w, from) },
		"mesh-dense.glb": func(w io.Writer) error { return m.WriteGLB(w, from) },
		"mesh.ply":       func(w io.Writer) error { return m.WritePLY(w, from) },
		"splat.ply":      func(w io.Writer) error { return m.WriteSplat(w, from, mesh.SplatOptions{Seed: 1}) },
		"splat.spz":      func(w io.Writer) error { return m.WriteSPZ(w, mesh.SplatOptions{Seed: 1}) },
		"preview.png": func(w io.Writer) error {
			picture, err := m.Preview()
			if err != nil {
				return err
			}
			_, err = w.Write(picture)
			return err
		},
		"stats.json": func(w io.Writer) error { return json.NewEncoder(w).Encode(m.Stats()) },
	} {
		var content bytes.Buffer
		if err := fill(&content); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, file), content.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// read decodes a photo.
func read(path string) (image.Image, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	photo, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decoding %s: %w", path, err)
	}
	return photo, nil
}

func reconstruct(photo image.Image, box *image.Rectangle) (*mesh.Mesh, job.Pose, *mask.Mask, error) {
	ctx := context.Background()
	found, _, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(ctx, photo, mask.Object{Index: 1, Box: box})
	if err != nil {
		return nil, job.Pose{}, nil, err
	}
	settings, _ := relief.SettingsOf(job.QualityStandard)
	m, pose, err := relief.Reconstruct(ctx, photo, found, settings)
	return m, pose, found, err
}
