package job_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"gen3d/internal/job"
)

const anID = job.ID("7yzcxr8tr30123456789abcdef")

var ref = job.Ref{User: "user-1", Job: anID}

func TestEveryKeyIsReadBackAsItWasMade(t *testing.T) {
	for _, test := range []struct {
		key  string
		want job.OutputKey
	}{
		{ref.UploadKey(), job.OutputKey{Ref: ref, Kind: job.KindUpload}},
		{ref.ManifestKey(), job.OutputKey{Ref: ref, Kind: job.KindManifest}},
		{ref.NoticeKey(), job.OutputKey{Ref: ref, Kind: job.KindNotice}},
		{ref.QueuedKey(1), job.OutputKey{Ref: ref, Kind: job.KindQueued, Number: 1}},
		{ref.ProgressKey(16), job.OutputKey{Ref: ref, Kind: job.KindProgress, Number: 16}},
		{ref.ResultKey(999), job.OutputKey{Ref: ref, Kind: job.KindResult, Number: 999}},
		{ref.FileKey(2, job.FormatGLB), job.OutputKey{Ref: ref, Kind: job.KindFile, Number: 2, File: "mesh.glb"}},
		{ref.FileKey(2, job.FormatPreview), job.OutputKey{Ref: ref, Kind: job.KindFile, Number: 2, File: "preview"}},
		{ref.SceneKey(), job.OutputKey{Ref: ref, Kind: job.KindScene}},
		{ref.SceneFileKey(job.FormatGLB), job.OutputKey{Ref: ref, Kind: job.KindSceneFile, File: "scene.glb"}},
		{ref.SceneFileKey(job.FormatSplat), job.OutputKey{Ref: ref, Kind: job.KindSceneFile, File: "scene.ply"}},
		{ref.UsedMaskKey(3), job.OutputKey{Ref: ref, Kind: job.KindFile, Number: 3, File: "mask"}},
		{ref.OutputPrefix() + "0.result.json", job.OutputKey{Ref: ref}},
		{ref.OutputPrefix() + "1000.result.json", job.OutputKey{Ref: ref}},
		{ref.OutputPrefix() + "01.result.json", job.OutputKey{Ref: ref}},
		{ref.OutputPrefix() + "+1.result.json", job.OutputKey{Ref: ref}},
		{ref.OutputPrefix() + "notes.txt", job.OutputKey{Ref: ref}},
	} {
		if got, err := job.ParseOutputKey(test.key); err != nil || got != test.want {
			t.Errorf("%s reads as %+v, %v; want %+v", test.key, got, err, test.want)
		}
		// A key that is also a photo's would start a job.
		if _, err := job.ParsePhotoKey(test.key); !errors.Is(err, job.ErrNotOurs) {
			t.Errorf("%s counts as a photo", test.key)
		}
		for _, suffix := range job.ImageSuffixes {
			if strings.HasSuffix(test.key, suffix) {
				t.Errorf("%s ends like a photo", test.key)
			}
		}
	}
	if got, err := job.ParsePendingKey(ref.PendingKey()); err != nil || got != ref {
		t.Errorf("the marker reads as %+v, %v", got, err)
	}
}

func TestPhotoKeys(t *testing.T) {
	for key, want := range map[string]job.PhotoKey{
		ref.PhotoKey("cup", ".jpg"):                         {User: "user-1", Job: anID, Name: "cup.jpg"},
		"users/user-1/input/my cup + saucer: 2.jpeg":        {User: "user-1", Name: "my cup + saucer: 2.jpeg"},
		"users/u/input/Kätzchen 猫.webp":                     {User: "u", Name: "Kätzchen 猫.webp"},
		"users/u/input/holiday/cup.png":                     {User: "u", Name: "cup.png"},
		"users/u/input/" + string(anID) + "/deeper/a.png":   {User: "u", Name: "a.png"},
		"users/u/input/" + string(anID) + "x/a.png":         {User: "u", Name: "a.png"},
		"users/u/input/input/a.png":                         {User: "u", Name: "a.png"},
		"users/" + strings.Repeat("u", 128) + "/input/.png": {User: strings.Repeat("u", 128), Name: ".png"},
	} {
		if got, err := job.ParsePhotoKey(key); err != nil || got != want {
			t.Errorf("%s reads as %+v, %v; want %+v", key, got, err, want)
		}
	}
	for _, key := range []string{
		"", "users/", "users/u/input/", "users/u/input/.png/", "users/u/input/a.gif", "users/u/input/a.PNG", "users/u/input/a",
		"users//input/a.png", "users/../input/a.png", "users/u/x/input/a.png", "users/u/inputs/a.png",
		"user/u/input/a.png", "/users/u/input/a.png", "public/a.png", "users/" + strings.Repeat("u", 129) + "/input/a.png",
		"users/-u/input/a.png", "users/u/output/" + string(anID) + "/a.png",
	} {
		if got, err := job.ParsePhotoKey(key); !errors.Is(err, job.ErrNotOurs) {
			t.Errorf("%q reads as %+v, %v", key, got, err)
		}
	}
}

func TestMaskKeys(t *testing.T) {
	folder := "users/u/input/" + string(anID) + "/"
	for key, want := range map[string]job.MaskKey{
		ref.MaskKey(ref.PhotoKey("cup", ".jpg"), 1):               {User: "user-1", Job: anID, Number: 1},
		ref.MaskKey("users/user-1/input/a b+c:ü.png", 16):         {User: "user-1", Photo: "users/user-1/input/a b+c:ü.png", Number: 16},
		"users/u/input/cup.jpg.2.mask":                            {User: "u", Photo: "users/u/input/cup.jpg", Number: 2},
		"users/u/input/x/cup.jpg.999.mask":                        {User: "u", Photo: "users/u/input/x/cup.jpg", Number: 999},
		folder + "1.mask":                                         {User: "u", Job: anID, Number: 1},
		folder + "cup.webp.1.mask":                                {User: "u", Photo: folder + "cup.webp", Number: 1},
		ref.MaskKey("users/user-1/input/"+string(anID)+".png", 3): {User: "user-1", Photo: "users/user-1/input/" + string(anID) + ".png", Number: 3},
	} {
		if got, err := job.ParseMaskKey(key); err != nil || got != want {
			t.Errorf("%s reads as %+v, %v; want %+v", key, got, err, want)
		}
		if _, err := job.ParsePhotoKey(key); !errors.Is(err, job.ErrNotOurs) {
			t.Errorf("%s counts as a photo", key)
		}
		for _, trigger := range job.Triggers() {
			if strings.HasPrefix(key, trigger.Prefix) && strings.HasSuffix(key, trigger.Suffix) {
				t.Errorf("%s runs %s", key, trigger.Function)
			}
		}
	}
	for _, key := range []string{
		"", "users/u/input/", "users/u/input/1.mask", "users/u/input/.mask", "users/u/input/mask", "users/u/input/cup.jpg.mask", "users/u/input/cup.jpg.0.mask",
		"users/u/input/cup.jpg.01.mask", "users/u/input/cup.gif.1.mask", "users/u/input/x/1.mask", folder + "x/1.mask", folder + "1000.mask", folder + "1.png",
		"users/u/output/" + string(anID) + "/1.mask", ref.UsedMaskKey(1), "users//input/cup.jpg.1.mask", "users/u/input/cup.jpg/1.mask",
	} {
		if got, err := job.ParseMaskKey(key); !errors.Is(err, job.ErrNotOurs) {
			t.Errorf("%q reads as %+v, %v", key, got, err)
		}
	}
}

func TestKeysOfOtherPartsAreRefused(t *testing.T) {
	for _, key := range []string{
		"", "users/u/output/", "users/u/output/" + string(anID), "users/u/output/" + string(anID) + "/", "users/u/output/x/job.json",
		"users/u u/output/" + string(anID) + "/job.json", "users/u/input/" + string(anID) + "/job.json",
	} {
		if got, err := job.ParseOutputKey(key); !errors.Is(err, job.ErrNotOurs) {
			t.Errorf("%q reads as %+v, %v", key, got, err)
		}
	}
	for _, key := range []string{"", "pending/", "pending/u", "pending/u/x", "pending//" + string(anID), "u/" + string(anID), "pending/u/" + string(anID) + "/", job.ClaimsKey("u")} {
		if got, err := job.ParsePendingKey(key); !errors.Is(err, job.ErrNotOurs) {
			t.Errorf("%q reads as %+v, %v", key, got, err)
		}
	}
}

func TestARequestIsFoundByItsInferenceIDAndAttributes(t *testing.T) {
	for _, n := range []int{1, 16, 999} {
		text := ref.InferenceID(n)
		if len(text) > 64 {
			t.Errorf("%s is longer than InvokeEndpointAsync takes", text)
		}
		if id, got, err := job.ParseInferenceID(text); err != nil || id != anID || got != n {
			t.Errorf("%s reads as %s, %d, %v", text, id, got, err)
		}
		if got, err := job.ParseCustomAttributes(job.CustomAttributes(n)); err != nil || got != n {
			t.Errorf("object %d reads as %d, %v", n, got, err)
		}
	}
	for _, text := range []string{"", string(anID), string(anID) + "-", string(anID) + "-0", string(anID) + "-01", "x-1", "-1"} {
		if _, _, err := job.ParseInferenceID(text); err == nil {
			t.Errorf("%q passed as an inference ID", text)
		}
	}
	for _, text := range []string{"", "1", "object=", "object=0", "object=1 ", "object=1000", "Object=1"} {
		if _, err := job.ParseCustomAttributes(text); err == nil {
			t.Errorf("%q passed as custom attributes", text)
		}
	}
}

func FuzzParsePhotoKey(f *testing.F) {
	for _, key := range []string{ref.PhotoKey("cup", ".jpg"), "users/u/input/a b+c.webp", "users/u/input/x/y.png", "users/u/input/猫.jpeg", "pending/u/x"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		got, err := job.ParsePhotoKey(key)
		if err != nil {
			if !errors.Is(err, job.ErrNotOurs) {
				t.Fatalf("%q: %v", key, err)
			}
			return
		}
		if !job.ValidUser(got.User) || got.Name == "" || strings.Contains(got.Name, "/") {
			t.Fatalf("%q reads as %+v", key, got)
		}
		input := job.UsersPrefix + got.User + "/input/"
		if !strings.HasPrefix(key, input) || !strings.HasSuffix(key, "/"+got.Name) {
			t.Fatalf("%q reads as %+v, which is elsewhere", key, got)
		}
		if got.Job != "" {
			if made := (job.Ref{User: got.User, Job: got.Job}).PhotoKey(got.Name, ""); made != key {
				t.Fatalf("%q reads as %+v, which makes %q", key, got, made)
			}
		}
		if _, err := job.ParseOutputKey(key); err == nil {
			t.Fatalf("%q is a photo and an output", key)
		}
	})
}

func FuzzParseMaskKey(f *testing.F) {
	for _, key := range []string{ref.MaskKey(ref.PhotoKey("cup", ".jpg"), 1), "users/u/input/a b+c.webp.2.mask", "users/u/input/x/y.png.16.mask", "users/u/input/.png.1.mask"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		got, err := job.ParseMaskKey(key)
		if err != nil {
			if !errors.Is(err, job.ErrNotOurs) {
				t.Fatalf("%q: %v", key, err)
			}
			return
		}
		of, photo := job.Ref{User: got.User, Job: got.Job}, got.Photo
		if photo == "" {
			photo = of.PhotoKey("cup", ".jpg")
		} else if of.Job = anID; strings.HasPrefix(photo, of.InputPrefix()) {
			return // a photo copied into the folder of another job
		}
		if made := of.MaskKey(photo, got.Number); !job.ValidUser(got.User) || made != key {
			t.Fatalf("%q reads as %+v, which makes %q", key, got, made)
		}
		if _, err := job.ParsePhotoKey(key); err == nil {
			t.Fatalf("%q is a mask and a photo", key)
		}
	})
}

func FuzzParseOutputKey(f *testing.F) {
	for _, key := range []string{ref.ManifestKey(), ref.ResultKey(1), ref.QueuedKey(2), ref.ProgressKey(3), ref.FileKey(4, job.FormatGLB), ref.NoticeKey(), ref.UploadKey(), ref.OutputPrefix() + "1/"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		got, err := job.ParseOutputKey(key)
		if err != nil {
			if !errors.Is(err, job.ErrNotOurs) {
				t.Fatalf("%q: %v", key, err)
			}
			return
		}
		if !job.ValidUser(got.User) || !strings.HasPrefix(key, got.OutputPrefix()) {
			t.Fatalf("%q reads as %+v", key, got)
		}
		made := key
		switch got.Kind {
		case job.KindUpload:
			made = got.UploadKey()
		case job.KindManifest:
			made = got.ManifestKey()
		case job.KindNotice:
			made = got.NoticeKey()
		case job.KindQueued:
			made = got.QueuedKey(got.Number)
		case job.KindProgress:
			made = got.ProgressKey(got.Number)
		case job.KindResult:
			made = got.ResultKey(got.Number)
		case job.KindFile:
			made = got.OutputPrefix() + strconv.Itoa(got.Number) + "/" + got.File
		case job.KindOther:
			if got.Number != 0 || got.File != "" {
				t.Fatalf("%q reads as %+v", key, got)
			}
		default:
			t.Fatalf("%q is of kind %d", key, got.Kind)
		}
		if made != key {
			t.Fatalf("%q reads as %+v, which makes %q", key, got, made)
		}
	})
}

func TestUserIDsAreShortPlainNames(t *testing.T) {
	for _, user := range []string{"a", "0", "testuser001", "7325c1de-b05b-4f84-b321-9adc6e61f4a2", "A_b-C", strings.Repeat("x", 128)} {
		if !job.ValidUser(user) {
			t.Errorf("%q is refused", user)
		}
	}
	for _, user := range []string{"", "-a", "_a", "a b", "a/b", "a.b", "a@b", "ä", "a\n", "@", "[", "`", "{", "a\x7f", strings.Repeat("x", 129)} {
		if job.ValidUser(user) {
			t.Errorf("%q is taken", user)
		}
	}
}
