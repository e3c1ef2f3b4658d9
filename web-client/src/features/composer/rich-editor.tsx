import { EditorContent, useEditor, useEditorState } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { IconToggle } from "../../ui";

/** Text with markup, as HTML that every mail program understands. */
export function RichEditor({ html, label, placeholder, onChange }: { html: string; label: string; placeholder: string; onChange: (html: string) => void }) {
  const { t } = useTranslation();
  const editor = useEditor({
    extensions: [StarterKit.configure({ heading: false, codeBlock: false, horizontalRule: false, link: { openOnClick: false, autolink: true, protocols: ["https", "http", "mailto"] } })],
    content: html,
    autofocus: "end",
    editorProps: { attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, "data-placeholder": placeholder, class: "prose-message min-h-20 max-h-[38vh] overflow-auto px-3 py-2 outline-none" } },
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
    if (active?.link) {
      editor.chain().focus().unsetLink().run();
      return;
    }
    const href = window.prompt(t("composer.linkUrl"), "https://");
    if (href && /^(?:https?:\/\/|mailto:)/u.test(href)) editor.chain().focus().extendMarkRange("link").setLink({ href }).run();
  };
  return (
    <div>
      <div role="toolbar" aria-label={t("composer.formatting")} className="flex gap-0.5 px-2 pt-1">
        <IconToggle icon="bold" label={t("composer.bold")} isSelected={active?.bold ?? false} onChange={() => editor.chain().focus().toggleBold().run()} />
        <IconToggle icon="italic" label={t("composer.italic")} isSelected={active?.italic ?? false} onChange={() => editor.chain().focus().toggleItalic().run()} />
        <IconToggle icon="list" label={t("composer.bullets")} isSelected={active?.bullets ?? false} onChange={() => editor.chain().focus().toggleBulletList().run()} />
        <IconToggle icon="quote" label={t("composer.blockquote")} isSelected={active?.quote ?? false} onChange={() => editor.chain().focus().toggleBlockquote().run()} />
        <IconToggle icon="link" label={t("composer.link")} isSelected={active?.link ?? false} onChange={link} />
      </div>
      <EditorContent editor={editor} />
    </div>
  );
}
