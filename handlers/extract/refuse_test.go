package extract_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"

	"gen3d/internal/job"
	"gen3d/tests/support/hostile"
	"gen3d/tests/support/s3test"
)

func blank(t *testing.T, width, height int) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// bomb returns a PNG of a few bytes whose header claims width × height pixels.
func bomb(t *testing.T, width, height uint32) []byte {
	data := blank(t, 100, 100)
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

func TestUnusablePhotoFailsWithAReason(t *testing.T) {
	coffee, coins := picture(t, "coffee.jpg"), picture(t, "coins.png")
	cut := func(data []byte) []byte { return data[:len(data)*2/3] }
	for name, test := range map[string]struct {
		file        string
		contentType string
		data        []byte
		metadata    map[string]string
		code        job.Code
		says        string
		objects     int
	}{
		"empty file":             {"a.jpg", "", nil, nil, job.CodeEmptyFile, "empty", 1},
		"not an image":           {"a.jpg", "", []byte("Dear reader, this is a letter."), nil, job.CodeNotAnImage, "not a picture", 1},
		"truncated JPEG":         {"a.jpg", "", cut(coffee), nil, job.CodeTruncated, "incomplete", 1},
		"truncated PNG":          {"a.png", "", cut(coins), nil, job.CodeTruncated, "incomplete", 1},
		"truncated WebP":         {"a.webp", "", cut(picture(t, "cat.webp")), nil, job.CodeTruncated, "incomplete", 1},
		"25 MB":                  {"a.jpg", "", append(bytes.Clone(coffee), make([]byte, 25<<20)...), nil, job.CodeTooManyBytes, "20 MB", 1},
		"10 × 10":                {"a.png", "", blank(t, 10, 10), nil, job.CodeTooSmall, "10 × 10", 1},
		"picture bomb":           {"a.png", "", bomb(t, 100_000, 100_000), nil, job.CodeTooManyPixels, "100000 × 100000", 1},
		"12,000 scans":           {"a.jpg", "", hostile.JPEG{Width: 7056, Height: 7056, Scans: 12_000}.Bytes(), nil, job.CodeTooComplex, "Save it as an ordinary (baseline) JPEG", 1},
		"12,000 scans, misnamed": {"a.png", "", hostile.JPEG{Width: 7056, Height: 7056, Scans: 12_000}.Bytes(), map[string]string{"seed": "-1"}, job.CodeTooComplex, "Save it as", 1},
		"bomb, bad metadata":     {"a.jpg", "", bomb(t, 100_000, 100_000), map[string]string{"objects": "drop table jobs"}, job.CodeTooManyPixels, "100000 × 100000", 1},
		"huge within a canvas":   {"a.webp", "", hostile.ExtendedWebP(64, 64, 16384, 16384), nil, job.CodeNotAnImage, "differs from its declared size", 1},
		"unknown quality":        {"a.jpg", "", coffee, map[string]string{"quality": "best"}, job.CodeBadMetadata, "choose from draft,standard,high", 1},
		"999 faces":              {"a.jpg", "", coffee, map[string]string{"faces": "999"}, job.CodeBadMetadata, "from 1,000 to 500,000", 1},
		"box outside":            {"a.jpg", "", coffee, map[string]string{"objects": "0,0,100,100;500,300,601,400"}, job.CodeBoxOutside, "600 × 400", 2},
		"box too small":          {"a.jpg", "", coffee, map[string]string{"objects": "10,10,17,100"}, job.CodeBoxTooSmall, "7 × 90", 1},
		"17 boxes":               {"a.jpg", "", coffee, map[string]string{"objects": strings.Repeat("0,0,50,50;", 16) + "*"}, job.CodeTooManyBoxes, "17", 1},
		"PNG named .jpg":         {"a.jpg", "", coins, nil, job.CodeWrongType, "named .jpg but is a PNG picture; rename it", 1},
		"JPEG sent as PNG":       {"a.jpg", "image/png", coffee, nil, job.CodeWrongType, "sent as image/png but is a JPEG", 1},
		"GIF named .png":         {"a.png", "", []byte("GIF89a\x40\x00\x40\x00\x00\x00\x00;....."), nil, job.CodeWrongType, "GIF", 1},
		"metadata that is none":  {"a.jpg", "", coffee, map[string]string{"objects": "drop table jobs"}, job.CodeBadMetadata, "Object 1", 1},
		"metadata too long":      {"a.jpg", "", coffee, map[string]string{"objects": strings.Repeat("*;", 960) + "*"}, job.CodeBadMetadata, "1900", 1},
		"a thousand objects":     {"a.jpg", "", coffee, map[string]string{"objects": strings.Repeat("*;", 940) + "*"}, job.CodeTooManyBoxes, "941", 1},
		"seed out of range":      {"a.jpg", "", coffee, map[string]string{"seed": "-1"}, job.CodeBadMetadata, "seed", 1},
		"unknown format":         {"a.jpg", "", coffee, map[string]string{"formats": "stl"}, job.CodeBadMetadata, "stl", 1},
		"bad photo, two boxes":   {"a.jpg", "", cut(coffee), map[string]string{"objects": "0,0,50,50;60,60,99,99"}, job.CodeTruncated, "incomplete", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.handle(w.put("users/"+w.user+"/input/"+test.file, test.contentType, test.data, test.metadata))
			m := w.manifest()
			if m.Refused == nil || m.Refused.Code != test.code || !strings.Contains(m.Refused.Message, test.says) {
				t.Fatalf("refused %+v; want %s with %q", m.Refused, test.code, test.says)
			}
			if len(m.Objects) != test.objects {
				t.Errorf("the manifest has %d objects; want %d", len(m.Objects), test.objects)
			}
			data, _ := s3test.Get(t, w.job().ManifestKey())
			if _, err := job.ParseManifest(data); err != nil {
				t.Errorf("readers refuse the manifest: %v", err)
			}
			for n := range test.objects {
				r := s3test.Document[job.Result](t, w.job().ResultKey(n+1))
				if r.Index != n+1 || r.Status != job.StatusFailed || r.Error == nil || *r.Error != *m.Refused {
					t.Errorf("result %d is %+v", n+1, r)
				}
			}
			if events := s3test.Events(t, "notify", w.job().OutputPrefix()); len(events) != test.objects {
				t.Errorf("the bucket sent %d events of results; want %d", len(events), test.objects)
			}
			if asked := w.endpoint.asked(); len(asked) != 0 {
				t.Errorf("the endpoint was asked for %v", asked)
			}
			if w.emitted("PhotosRefused") != 1 || !strings.Contains(w.metrics.String(), string(test.code)) {
				t.Errorf("the metrics are\n%s", w.metrics.String())
			}
		})
	}
}

func TestExtremeBoxIsRefused(t *testing.T) {
	w := newWorld(t)
	w.handle(w.copyIn("a.jpg", picture(t, "coffee.jpg"), map[string]string{"objects": "100,100,50,50"}))
	if m := w.manifest(); m.Refused == nil || m.Refused.Code != job.CodeBoxTooSmall {
		t.Errorf("refused %+v", m.Refused)
	}
}

// The first run's decision is final, even if a repeat would decide otherwise.
func TestARepeatActsOnTheStoredManifest(t *testing.T) {
	w := newWorld(t)
	cat := picture(t, "cat.webp")
	first := w.copyIn("1.webp", cat, nil)
	w.handle(first)
	accepted := w.job()
	w.handle(w.copyIn("2.webp", cat, nil))
	w.config.Limits.MaxUnfinished = 1
	w.handle(first)
	if w.has(accepted.ResultKey(1)) {
		t.Error("a job that was accepted failed because a later run counts more jobs")
	}

	w = newWorld(t)
	event := w.copyIn("3.webp", cat, nil)
	w.config.Limits.MinSide = 1000
	w.handle(event)
	s3test.Delete(t, w.job().ResultKey(1)) // as if the run had ended before writing it
	w.config.Limits.MinSide = 64
	w.handle(event)
	if r := s3test.Document[job.Result](t, w.job().ResultKey(1)); r.Error == nil || r.Error.Code != job.CodeTooSmall {
		t.Errorf("the result of a refused photo is %+v", r)
	}
	if asked := w.endpoint.asked(); len(asked) != 0 {
		t.Errorf("the endpoint was asked for %v", asked)
	}
}
