package layout_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"gen3d/local/layout"
)

func TestTheHeaderMarksThePageThatIsShown(t *testing.T) {
	files := fstest.MapFS{"page/one.html": {Data: []byte(`{{template "head" .Title}}{{template "top" .Path}}`)}}
	pages, err := layout.Parse(files, "page/*.html", nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, marked := range map[string]int{"/mailbox": 1, "/operations": 1, "": 0} {
		var out strings.Builder
		if err := pages.ExecuteTemplate(&out, "one.html", struct{ Title, Path string }{"<One>", path}); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if strings.Count(text, "aria-current") != marked || marked == 1 && !strings.Contains(text, `href="`+path+`" aria-current="page"`) {
			t.Errorf("on the page %q the links are %s", path, text)
		}
		if strings.Count(text, "<svg") != 1 || !strings.Contains(text, "<title>&lt;One&gt; · Gen3D</title>") {
			t.Errorf("the page is %s", text)
		}
	}
}
