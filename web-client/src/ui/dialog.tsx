import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { cx } from "./cx";

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  width?: "sm" | "md" | "lg";
  children: ReactNode;
  footer?: ReactNode;
}

/** A modal dialog; Esc and a click beside it close. */
export function Dialog({ title, isOpen, onClose, width = "md", children, footer }: DialogProps) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
      className="fixed inset-0 z-40 flex items-start justify-center overflow-auto bg-scrim p-4 pt-[10vh]"
    >
      <Modal className={cx("rise w-full rounded-xl border border-line bg-raised shadow-pop", { sm: "max-w-md", md: "max-w-xl", lg: "max-w-3xl" }[width])}>
        <AriaDialog className="flex max-h-[80vh] flex-col outline-none">
          <Heading slot="title" className="border-b border-line px-5 py-3 text-lg font-semibold">
            {title}
          </Heading>
          <div className="flex-1 overflow-auto px-5 py-4">{children}</div>
          {footer && <div className="flex justify-end gap-2 border-t border-line px-5 py-3">{footer}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** A modal without frame, for the command palette. */
export function Sheet({ label, isOpen, onClose, children }: { label: string; isOpen: boolean; onClose: () => void; children: ReactNode }) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable className="fixed inset-0 z-40 flex items-start justify-center bg-scrim p-4 pt-[14vh]">
      <Modal className="rise w-full max-w-xl overflow-hidden rounded-xl border border-line bg-raised shadow-pop">
        <AriaDialog aria-label={label} className="outline-none">
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
