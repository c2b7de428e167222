// Package document parses the shell commands in Markdown documents, so that
// tests run or check what the documents say.
package document

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Block is a fenced block of a document.
type Block struct {
	File string // relative to the module's folder
	Line int    // of the opening fence
	Info string // after the fence, such as "sh" or "sh local"
	Text string
}

// Local is the info string of a block whose commands work with the service of
// `make run`. The tests run it.
const Local = "sh local"

// Shell reports whether the block has shell commands.
func (b Block) Shell() bool { return b.Info == "sh" || b.Info == Local }

// Files returns the documents of the module in the folder root: those in docs/,
// and those beside the code.
func Files(root string) ([]string, error) {
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "model-image/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			name, err := filepath.Rel(root, file)
			if err != nil {
				return nil, err
			}
			files = append(files, filepath.ToSlash(name))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no documents in %s", root)
	}
	return files, nil
}

// Blocks returns the fenced blocks of one document.
func Blocks(root, file string) ([]Block, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file))) // #nosec G304 -- of this checkout
	if err != nil {
		return nil, err
	}
	var blocks []Block
	var lines []string
	inside := false
	for i, line := range strings.Split(string(text), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case !fence && inside:
			lines = append(lines, line)
		case !fence:
		case inside:
			blocks[len(blocks)-1].Text = strings.Join(lines, "\n") + "\n"
			inside, lines = false, nil
		default:
			blocks = append(blocks, Block{File: file, Line: i + 1, Info: info})
			inside = true
		}
	}
	if inside {
		return nil, fmt.Errorf("%s: the block of line %d does not end", file, blocks[len(blocks)-1].Line)
	}
	return blocks, nil
}

// Call is one command of a block. A word that the shell expands, such as a
// variable, is replaced by [Expanded].
type Call struct {
	Where string // file and line
	Words []string
}

// Expanded stands for what only the shell knows.
const Expanded = "x"

// Calls returns every command of a shell block, also of pipes and of command
// substitutions.
func (b Block) Calls() ([]Call, error) {
	parsed, err := syntax.NewParser(syntax.KeepComments(false)).Parse(strings.NewReader(b.Text), b.File)
	if err != nil {
		return nil, fmt.Errorf("the block of line %d: %w", b.Line, err)
	}
	var calls []Call
	syntax.Walk(parsed, func(node syntax.Node) bool {
		if call, ok := node.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			where := fmt.Sprintf("%s:%d", b.File, b.Line+int(call.Pos().Line())) // #nosec G115 -- a line of a document
			words := make([]string, len(call.Args))
			for i, word := range call.Args {
				words[i] = text(word)
			}
			calls = append(calls, Call{where, words})
		}
		return true
	})
	return calls, nil
}

// All returns the commands of every shell block of every document.
func All(root string) ([]Call, error) {
	files, err := Files(root)
	if err != nil {
		return nil, err
	}
	var all []Call
	for _, file := range files {
		blocks, err := Blocks(root, file)
		if err != nil {
			return nil, err
		}
		for _, block := range blocks {
			if !block.Shell() {
				continue
			}
			calls, err := block.Calls()
			if err != nil {
				return nil, err
			}
			all = append(all, calls...)
		}
	}
	return all, nil
}

// text returns a word without its quotes.
func text(word *syntax.Word) string {
	var b strings.Builder
	var add func(parts []syntax.WordPart)
	add = func(parts []syntax.WordPart) {
		for _, part := range parts {
			switch part := part.(type) {
			case *syntax.Lit:
				b.WriteString(strings.ReplaceAll(part.Value, "\\", ""))
			case *syntax.SglQuoted:
				b.WriteString(part.Value)
			case *syntax.DblQuoted:
				add(part.Parts)
			default:
				b.WriteString(Expanded)
			}
		}
	}
	add(word.Parts)
	return b.String()
}

// Inline returns the commands in inline code, such as `make up STACK=dev`, that
// begin with one of the programs.
func Inline(root string, programs ...string) ([]Call, error) {
	files, err := Files(root)
	if err != nil {
		return nil, err
	}
	var calls []Call
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file))) // #nosec G304 -- of this checkout
		if err != nil {
			return nil, err
		}
		fenced := false
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, "```") {
				fenced = !fenced
			}
			if fenced {
				continue
			}
			for n, code := range strings.Split(line, "`") {
				if n%2 == 0 || strings.Contains(code, "…") {
					continue
				}
				block := Block{File: file, Line: i, Text: code}
				found, err := block.Calls()
				if err != nil {
					continue // no command
				}
				for _, call := range found {
					for _, program := range programs {
						if call.Words[0] == program && len(call.Words) > 1 {
							calls = append(calls, call)
						}
					}
				}
			}
		}
	}
	return calls, nil
}
