package mailbox_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const hostileHTML = `<!doctype html><html><head><base href="http://evil.test/"><meta http-equiv="refresh" content="0;url=http://evil.test">
<link rel="stylesheet" href="http://evil.test/x.css"><script>top.location='http://evil.test'</script></head>
<body onload="alert(1)" style="color:green"><p>Seen</p>
<a id="good" href="http://127.0.0.1:8080/jobs/7?a=1&amp;b=2" target="_top" rel="opener" ping="http://evil.test">Open</a>
<a id="bad" href=" javascript:alert(1)">Bad</a><img src="cid:logo"><img src="http://evil.test/pixel.png">
<iframe src="http://evil.test"></iframe><svg><script>alert(2)</script></svg></body></html>`

// hostile returns a mail with markup in every field.
func hostile() []byte {
	return []byte("From: \"</title><script>alert('from')</script>\" <" + sender + ">\r\n" +
		"To: testuser001@example.com\r\n" +
		"Subject: </title><script>alert('subject')</script><img src=x onerror=alert(1)>\r\n" +
		"X-Evil: \"><script>alert('header')</script>\r\n" +
		"MIME-Version: 1.0\r\n" +
		"Content-Type: multipart/related; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n" +
		"--c\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n<script>alert('text')</script> caf\xe9 see http://127.0.0.1:8080/jobs/7. or http://x.test/\"onmouseover=\"alert(1)\r\n" +
		"--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + strings.ReplaceAll(hostileHTML, "\n", "\r\n") + "\r\n--c--\r\n" +
		"--b\r\nContent-Type: image/png; name=\"<script>alert('name')</script>.png\"\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n")
}

// elements returns the elements of a page, parsed as by a browser.
func elements(t *testing.T, page string) []*html.Node {
	t.Helper()
	document, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var list []*html.Node
	for node := range document.Descendants() {
		if node.Type == html.ElementNode {
			list = append(list, node)
		}
	}
	return list
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestPagesEscapeTheContentOfMails(t *testing.T) {
	s := open(t)
	if _, err := s.send(t, "", hostile()); err != nil {
		t.Fatal(err)
	}
	id := s.list(t)[0].ID
	for _, path := range []string{"/mailbox", "/mailbox/" + id + "/view"} {
		status, header, page := s.get(t, path)
		if status != http.StatusOK || !strings.Contains(page, "alert(&#39;subject&#39;)") {
			t.Fatalf("%s: %d %s", path, status, page)
		}
		for _, node := range elements(t, page) {
			if node.Data == "script" && attribute(node, "src") != "/mailbox/arrivals.js" || node.Data == "img" {
				t.Errorf("%s: the mail made an element %s", path, node.Data)
			}
			for _, a := range node.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: the mail made an attribute %s", path, a.Key)
				}
			}
		}
		policy := header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
	_, _, page := s.get(t, "/mailbox/"+id+"/view")
	for _, want := range []string{"café", "alert(&#39;header&#39;)", "alert(&#39;name&#39;)", "alert(&#39;text&#39;)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the view lacks %q", want)
		}
	}
}

func TestHTMLPartHasNoScriptsAndItsLinksOpenNewTabs(t *testing.T) {
	s := open(t)
	if _, err := s.send(t, "", hostile()); err != nil {
		t.Fatal(err)
	}
	id := s.list(t)[0].ID
	_, _, view := s.get(t, "/mailbox/"+id+"/view")
	var frames, textLinks int
	for _, node := range elements(t, view) {
		if node.Data == "iframe" {
			frames++
			if attribute(node, "sandbox") != "allow-popups allow-popups-to-escape-sandbox" || attribute(node, "src") != "/mailbox/"+id+"/html" {
				t.Errorf("frame: %v", node.Attr)
			}
		}
		if node.Data == "a" && attribute(node, "href") == "http://127.0.0.1:8080/jobs/7" {
			textLinks++
			if attribute(node, "target") != "_blank" || !strings.Contains(attribute(node, "rel"), "noopener") {
				t.Errorf("link in the text: %v", node.Attr)
			}
		}
	}
	if frames != 1 || textLinks != 1 {
		t.Errorf("%d frames, %d links in the text", frames, textLinks)
	}

	status, header, part := s.get(t, "/mailbox/"+id+"/html")
	policy := header.Get("Content-Security-Policy")
	if status != http.StatusOK || !strings.Contains(policy, "sandbox allow-popups allow-popups-to-escape-sandbox") ||
		strings.Contains(policy, "script-src") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("part: %d %q", status, policy)
	}
	if !strings.Contains(part, "<p>Seen</p>") || !strings.Contains(part, `style="color:green"`) {
		t.Errorf("the mail's content is gone: %s", part)
	}
	links := map[string]*html.Node{}
	carried := false
	for _, node := range elements(t, part) {
		switch node.Data {
		case "script", "base", "iframe", "link", "meta":
			t.Errorf("an element %s is left", node.Data)
		case "a":
			links[attribute(node, "id")] = node
		case "img":
			carried = carried || attribute(node, "src") == "data:image/png;base64,iVBORw0KGgo="
		}
	}
	if !carried {
		t.Error("the picture the message carries is not shown")
	}
	good := links["good"]
	if attribute(good, "href") != "http://127.0.0.1:8080/jobs/7?a=1&b=2" || attribute(good, "target") != "_blank" ||
		attribute(good, "rel") != "noopener noreferrer" || attribute(good, "ping") != "" {
		t.Errorf("good link: %v", good.Attr)
	}
	if attribute(links["bad"], "href") != "" {
		t.Errorf("bad link: %v", links["bad"].Attr)
	}
}

func TestEmptyMailboxAndUnknownMails(t *testing.T) {
	s := open(t)
	if status, _, page := s.get(t, "/mailbox"); status != http.StatusOK || !strings.Contains(page, "No emails yet") || !strings.Contains(page, `data-newest=""`) {
		t.Errorf("empty: %d %s", status, page)
	}
	if _, _, body := s.get(t, "/mailbox.json"); strings.TrimSpace(body) != "[]" {
		t.Errorf("empty list: %q", body)
	}
	if _, err := s.send(t, sender, []byte("From: "+sender+"\r\nTo: a@example.com\r\n\r\njust text\r\n")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/mailbox/2", "/mailbox/01", "/mailbox/+1", "/mailbox/x/view", "/mailbox/99999999999999999999/html", "/mailbox/0"} {
		if status, _, page := s.get(t, path); status != http.StatusNotFound || !strings.Contains(page, "This email does not exist") {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/mailbox?before=x", "/mailbox?before=0", "/mailbox.json?limit=0", "/mailbox.json?limit=x"} {
		if status, _, _ := s.get(t, path); status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, status)
		}
	}
	_, _, view := s.get(t, "/mailbox/1/view")
	if strings.Contains(view, "<iframe") || !strings.Contains(view, "(no subject)") || !strings.Contains(view, "just text") {
		t.Errorf("a mail of text alone: %s", view)
	}
	for path, kind := range map[string]string{"/mailbox/style.css": "text/css", "/mailbox/arrivals.js": "text/javascript"} {
		if status, header, _ := s.get(t, path); status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, status, header.Get("Content-Type"))
		}
	}
}
