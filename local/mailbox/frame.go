package mailbox

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// framed prepares the HTML part of a mail for its frame: links open a new tab,
// images of the message itself (cid:) become data URLs, and elements that the
// frame's policy blocks are removed, so that the result looks as in a mail
// program. The content security policy, not this function, is the protection
// against hostile mails.
func framed(text string, parts []part) ([]byte, error) {
	document, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the HTML part: %w", err)
	}
	var drop []*html.Node
	for node := range document.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		switch node.Data {
		case "script", "base", "iframe", "frame", "object", "embed", "link":
			drop = append(drop, node)
		case "meta":
			if slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == "http-equiv" }) {
				drop = append(drop, node)
			}
		case "a", "area":
			openInNewTab(node)
		case "img":
			inlineImage(node, parts)
		}
	}
	for _, node := range drop {
		node.Parent.RemoveChild(node)
	}
	var page bytes.Buffer
	if err := html.Render(&page, document); err != nil {
		return nil, fmt.Errorf("writing the HTML part: %w", err)
	}
	return page.Bytes(), nil
}

// openInNewTab makes a link open in a new top-level tab without access to its
// opener. Only http, https and mailto links keep their target.
func openInNewTab(node *html.Node) {
	node.Attr = slices.DeleteFunc(node.Attr, func(a html.Attribute) bool {
		switch a.Key {
		case "target", "rel", "download", "ping":
			return true
		case "href":
			target, err := url.Parse(strings.TrimSpace(a.Val))
			return err != nil || !slices.Contains([]string{"http", "https", "mailto"}, target.Scheme)
		}
		return false
	})
	node.Attr = append(node.Attr,
		html.Attribute{Key: "target", Val: "_blank"},
		html.Attribute{Key: "rel", Val: "noopener noreferrer"},
	)
}

// inlineImage replaces an image's cid: URL by a data URL of the part that it names.
func inlineImage(node *html.Node, parts []part) {
	for i, a := range node.Attr {
		id, carried := strings.CutPrefix(a.Val, "cid:")
		if a.Key != "src" || !carried {
			continue
		}
		for _, p := range parts {
			if p.contentID == id && strings.HasPrefix(p.contentType, "image/") {
				node.Attr[i].Val = "data:" + p.contentType + ";base64," + base64.StdEncoding.EncodeToString(p.body)
			}
		}
	}
}
