// Command make reconstructs objects of the test photos and writes the files of
// each into a folder, for other programs to check: mesh.glb, mesh.ply,
// splat.ply, splat.spz, preview.png and stats.json.
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
	flag.Parse()
	if *out == "" {
		log.Fatal("--out is required")
	}
	for _, o := range objects {
		if err := write(filepath.Join(*photos, o.photo), o.box, filepath.Join(*out, o.name), o.name); err != nil {
			log.Fatalf("reconstructing %s: %v", o.name, err)
		}
	}
}

// write reconstructs one object and writes its files.
func write(photoPath string, box *image.Rectangle, folder, name string) error {
	data, err := os.ReadFile(photoPath)
	if err != nil {
		return err
	}
	photo, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("decoding %s: %w", photoPath, err)
	}
	ctx := context.Background()
	found, err := mask.Finder{Segmenter: mask.ColorModel{}}.Find(ctx, photo, mask.Object{Index: 1, Box: box})
	if err != nil {
		return err
	}
	m, _, err := relief.Reconstruct(ctx, photo, found)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	from := mesh.Origin{Name: name, Backend: string(relief.Name)}
	for file, fill := range map[string]func(io.Writer) error{
		"mesh.glb":  func(w io.Writer) error { return m.WriteGLB(w, from) },
		"mesh.ply":  func(w io.Writer) error { return m.WritePLY(w, from) },
		"splat.ply": func(w io.Writer) error { return m.WriteSplat(w, from, mesh.SplatOptions{Seed: 1}) },
		"splat.spz": func(w io.Writer) error { return m.WriteSPZ(w, mesh.SplatOptions{Seed: 1}) },
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
