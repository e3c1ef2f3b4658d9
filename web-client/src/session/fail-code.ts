import { useTranslation } from "react-i18next";
import type en from "../i18n/en.json";

/** Why a message could not be delivered, by our code; an unknown one is a failure without a reason. */
export function useFailCodeText(): (code: string) => string {
  const { t, i18n } = useTranslation();
  return (code) => t(i18n.exists(`failCode.${code}`) ? `failCode.${code as keyof (typeof en)["failCode"]}` : "failCode.OTHER");
}
