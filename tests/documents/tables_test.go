package documents_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gen3d/internal/job"
)

// rows returns the cells of the first table after a heading of the user guide,
// without the table's head.
func rows(t *testing.T, section string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, guide), "\n## "+section+"\n")
	if !found {
		t.Fatalf("the user guide has no section %s", section)
	}
	var table [][]string
	for _, line := range strings.Split(rest, "\n") {
		if !strings.HasPrefix(line, "|") {
			if table != nil {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		table = append(table, cells)
	}
	return table[2:]
}

func TestTheUserGuideHasTheLimits(t *testing.T) {
	limits := job.DefaultLimits()
	want := [][]string{
		{"types of photos", "PNG, JPEG, WebP"},
		{"size of a photo", job.Bytes(limits.MaxBytes)},
		{"pixels of a photo", strconv.FormatInt(limits.MaxPixels/1_000_000, 10) + " megapixels"},
		{"shortest side of a photo", strconv.Itoa(limits.MinSide) + " pixels"},
		{"objects of a photo", strconv.Itoa(limits.MaxObjects)},
		{"shortest side of a box", strconv.Itoa(limits.MinBox) + " pixels"},
		{"points of an object", strconv.Itoa(job.MaxPoints)},
		{"file of a mask", job.Bytes(job.MaxMaskBytes)},
		{"unfinished jobs of a user", strconv.Itoa(limits.MaxUnfinished)},
	}
	if got := rows(t, "Limits"); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the limits are %v, want %v", got, want)
	}
}

func TestTheUserGuideHasTheFormats(t *testing.T) {
	var want [][]string
	for _, info := range job.Formats() {
		want = append(want, []string{info.Title, "`" + info.FileName + "`", info.Content, info.Use})
	}
	if got := rows(t, "The files"); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the files are %v, want %v", got, want)
	}
}

// The codes are the constants of type Code in internal/job.
func TestTheUserGuideHasEveryCode(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal/job/failure.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, value)
			}
		}
		return true
	})
	var got []string
	for _, row := range rows(t, "When something fails") {
		got = append(got, row[0])
	}
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("the codes are %v, want %v", got, want)
	}
}

func TestThePicturesAreSmall(t *testing.T) {
	const most = 150 << 10
	pictures, err := filepath.Glob(filepath.Join(root, "docs/pictures/*"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("there are no pictures: %v", err)
	}
	for _, picture := range pictures {
		info, err := os.Stat(picture)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > most {
			t.Errorf("%s has %s, which is more than %s", info.Name(), job.Bytes(info.Size()), job.Bytes(most))
		}
	}
}
