import { EditorContent, useEditor, useEditorState } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconToggle } from "../../ui";
import { LinkDialog } from "./link-dialog";

/** Text with markup, as HTML that every mail program understands. */
export function RichEditor({ html, label, placeholder, onChange }: { html: string; label: string; placeholder: string; onChange: (html: string) => void }) {
  const { t } = useTranslation();
  const [isLinking, setLinking] = useState(false);
  const editor = useEditor({
    // Made only when it stands on the page. One made while rendering is destroyed by the library a millisecond later if
    // the page is slower than that, and whatever still holds it breaks.
    immediatelyRender: false,
    extensions: [StarterKit.configure({ heading: false, codeBlock: false, horizontalRule: false, link: { openOnClick: false, autolink: true, protocols: ["https", "http", "mailto"] } })],
    content: html,
    autofocus: "end",
    editorProps: {
      // Left to the commands of the app: the editor would take it for a line break.
      handleDOMEvents: { keydown: (_view, event) => (event.ctrlKey || event.metaKey) && event.key === "Enter" },
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, "data-placeholder": placeholder, class: "prose-message min-h-20 max-h-[38vh] overflow-auto px-3 py-2 outline-none" },
    },
    onUpdate: ({ editor: current }) => onChange(current.isEmpty ? "" : current.getHTML()),
  });
  const active = useEditorState({
    editor,
    selector: ({ editor: current }) => ({
      bold: current?.isActive("bold") ?? false,
      italic: current?.isActive("italic") ?? false,
      bullets: current?.isActive("bulletList") ?? false,
      quote: current?.isActive("blockquote") ?? false,
      link: current?.isActive("link") ?? false,
    }),
  });
  // Sent or put back from outside: the editor follows.
  useEffect(() => {
    if (editor && html !== (editor.isEmpty ? "" : editor.getHTML())) editor.commands.setContent(html, { emitUpdate: false });
  }, [editor, html]);
  if (!editor) return null;
  const link = () => {
    if (active?.link) editor.chain().focus().unsetLink().run();
    else setLinking(true);
  };
  const setLink = (href: string) => {
    setLinking(false);
    const chain = editor.chain().focus();
    // Without a selection the address itself becomes the words.
    if (editor.state.selection.empty) chain.insertContent({ type: "text", text: href, marks: [{ type: "link", attrs: { href } }] }).run();
    else chain.extendMarkRange("link").setLink({ href }).run();
  };
  return (
    <div>
      <div role="toolbar" aria-label={t("composer.formatting")} className="flex gap-0.5 px-2 pt-1">
        <IconToggle icon="bold" label={t("composer.bold")} isSelected={active?.bold ?? false} onChange={() => editor.chain().focus().toggleBold().run()} />
        <IconToggle icon="italic" label={t("composer.italic")} isSelected={active?.italic ?? false} onChange={() => editor.chain().focus().toggleItalic().run()} />
        <IconToggle icon="list" label={t("composer.bullets")} isSelected={active?.bullets ?? false} onChange={() => editor.chain().focus().toggleBulletList().run()} />
        <IconToggle icon="quote" label={t("composer.blockquote")} isSelected={active?.quote ?? false} onChange={() => editor.chain().focus().toggleBlockquote().run()} />
        <IconToggle icon="link" label={t(active?.link ? "composer.removeLink" : "composer.link")} isSelected={active?.link ?? false} onChange={link} />
      </div>
      {isLinking && <LinkDialog onSet={setLink} onClose={() => setLinking(false)} />}
      <EditorContent editor={editor} />
    </div>
  );
}
