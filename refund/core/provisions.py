"""The rules that are no numbers, in our own words: key, days, source and grade, then the titles."""

PROVISIONS_TEXT = """
no_valid_document | 2015-02-01 | SAT 41/2015 art. 10 (1) | A
No form without a valid document of the traveller
没有出示有效证件的不开单

entry_date_unknown | 2015-02-01 | SAT 41/2015 art. 10 (2) | A
No form while the day of the last entry is not known
最后入境日期不明的不开单

stay_too_long | 2015-02-01 | SAT 41/2015 art. 10 (3) | A
No form for what was bought later after the entry than the longest stay
购物时距最后入境超过规定天数的不开单

invoice_before_entry | 2015-02-01 | SAT 41/2015 art. 10 (4) | A
No form for an invoice that is older than the last entry
发票日期早于最后入境日的不开单

goods_out_of_scope | 2015-02-01 | SAT 41/2015 art. 10 (5) | A
No form for goods that the refund does not cover
商品不在退税范围内的不开单

invoice_not_ordinary | 2015-02-01 | SAT 41/2015 art. 10 (6), SAT 11/2025 | A
No form without an ordinary or an electronic invoice; a special one does not count
没有普通发票或电子普通发票的不开单,专用发票不算

below_threshold | 2015-02-01 | SAT 41/2015 art. 10 (7), 84/2025 item 3, SAT 11/2025 | A
No form when the day's purchases in the store stay below the least sum
当日在该店合计不足起退金额的不开单

rules_of_issue_day | 2025-07-01 | project decision | D
A form keeps the rules of the day on which it was issued
申请单始终适用开单当日的规则

rules_added_ahead | 2025-07-01 | project decision | D
A row of the table of rules is added for a day that lies ahead, and never changed
规则只能为将来的日子新增,不能修改

traveller_eligible | 2015-02-01 | MOF 3/2015 | A
Foreigners and compatriots of Hong Kong, Macao and Taiwan have the right, mainlanders have not
外国人和港澳台同胞可以退税,内地居民不可以

documents_accepted | 2015-02-01 | MOF 3/2015 | A
Passport, Hong Kong and Macao permit, Taiwan permit: each with the shapes of its number
接受护照、回乡证和台胞证,号码各有格式

document_check_digits | 2015-02-01 | ICAO 9303 | A
The machine-readable zone of a document is taken only with right check digits
机读区的校验位必须正确

exit_permit_trap | 2015-02-01 | MOF 3/2015 | A
The permit with which mainlanders travel out is told apart and not accepted
内地居民的往来通行证会被识别并拒绝

day_counting | 2015-02-01 | project decision | D
A term begins on the day after its start, and its last day counts whole, in Shanghai time
期限从次日起算,最后一天算满,按上海时间

working_days | 2025-04-08 | SAT 9/2025 | A
Working days follow the holiday calendar, with the make-up days on weekends
工作日按法定节假日安排,包括调休上班日

rounding | 2025-07-01 | project decision | D
The gross is rounded once for each rate, the fee once for the form; the net is their difference
各税率的退税额各取整一次,手续费整单取整一次

advance_is_net | 2025-04-08 | SAT 9/2025 | A
The advance is the net refund, and so is the hold on the card
预付金等于实退金额,预授权也是这个数

threshold_over_invoices | 2015-02-01 | SAT 41/2015 art. 10 (7) | A
All invoices of a form count together towards the least sum
同一申请单的多张发票合并计算起退金额

threshold_over_forms | 2015-02-01 | SAT 41/2015 art. 10 (7) | A
Live forms of the same traveller, store and day count towards the least sum
同一人同店同日的有效申请单合并计算起退金额

form_of_several_invoices | 2015-02-01 | SAT 41/2015 | A
A form takes several invoices of one store, one day and one traveller
一张申请单可含同店同日同一人的多张发票

invoice_line_once | 2025-07-01 | project decision | D
A line of an invoice is on at most one live form
同一发票行最多出现在一张有效申请单上

several_units | 2015-02-01 | project decision | D
A line of several units is worth its quantity times its price
一行多件按数量乘单价计算

mixed_rates | 2019-04-01 | 39/2019 | A
Goods of both rates can stand on one form, each refunded at its own
两种税率的商品可同单,各按各的退税率

goods_exempt | 2015-02-01 | MOF 3/2015 | A
Goods sold free of VAT carry no refund
免增值税的商品不退税

goods_restricted | 2015-02-01 | MOF 3/2015 | A
Goods that may not leave the country freely carry no refund, and the form says why
禁止或限制出境的商品不退税并说明原因

above_ceiling | 2025-07-01 | SAT 9/2025, practice | B
A purchase above the ceiling gets no advance; the ordinary form stays possible
超过上限的购物不能即买即退,仍可普通退税

agreement_signed | 2025-04-08 | SAT 9/2025 | A
No hold and no advance before the agreement is signed
签署协议之前没有预授权也没有预付金

advanced_once | 2025-04-08 | SAT 9/2025 | A
The advance of a form is paid once
一张申请单的预付金只付一次

hold_before_advance | 2025-04-08 | SAT 9/2025 | A
The card is held before the advance is paid
先取得信用卡预授权,再付预付金

ordinary_without_card | 2025-04-08 | SAT 9/2025 | A
Without a card, or with one that is declined, the same form can take the ordinary way
没有信用卡或被拒时,同一申请单可转普通退税

void_frees_the_invoices | 2015-02-01 | general knowledge of SAT 41/2015 | M
A form that is void lets its invoices be used again
作废的申请单释放其发票

replaced_form_is_named | 2025-07-01 | project decision | D
A form that takes the place of another says which
替换开具的申请单写明所替换的单号

superseded_code_answers | 2025-07-01 | project decision | D
The code of a form that was replaced leads to the one that took its place
被替换申请单的二维码指向新单

nothing_after_verification | 2025-07-01 | project decision | D
What customs have verified can be neither void nor replaced nor brought back
海关验核之后不能作废、替换或退货

lost_form | 2025-07-01 | project decision | D
A form that was lost is found again by the traveller's document
申请单遗失可凭证件查找

return_before_advance | 2015-02-01 | general knowledge of SAT 41/2015 | M
Goods brought back before any money was paid make the form void
付款前退货,申请单作废

return_after_advance | 2015-02-01 | general knowledge of SAT 41/2015 | M
Goods brought back after the advance end the form once its money has come back
付款后全部退货,先追回预付金再作废

return_in_part | 2025-07-01 | project decision | D
When some of the goods are brought back, only the difference is recovered
部分退货只追回差额

return_by_store_or_card | 2025-07-01 | project decision | D
The money of goods brought back returns in the store or by a charge to the held card
退货款项在店内收回或从预授权中扣回

customs_item_by_item | 2015-02-01 | GAC 25/2015 | A
Customs decide line by line
海关逐项验核

customs_fewer | 2015-02-01 | GAC 25/2015 item 2 | A
When fewer goods are shown than listed, those that are shown are confirmed, never more
实物少于申请单的,按实际数量确认

customs_goods_differ | 2015-02-01 | GAC 25/2015 | A
Customs refuse when the goods are not those of the form
货物与申请单不符的不予验核

customs_person_differs | 2015-02-01 | GAC 25/2015 | A
Customs refuse when the person is not the traveller of the form
携带人与申请单不符的不予验核

customs_other_breach | 2015-02-01 | GAC 25/2015 | A
Customs refuse for another breach, which they write down
其他违规情形注明后不予验核

customs_sealed_bags | 2015-02-01 | GAC 25/2015 | A
A sealed bag with its code can be confirmed without opening it
有编号的封装袋可不拆封确认

customs_sampling | 2026-07-01 | 2026 package | C
Large forms are always inspected, of the others a share is drawn, the rest goes by its papers
大额必查,其余按比例抽查,未抽中的凭单验核

customs_draw_recorded | 2026-07-01 | project decision | D
The draw is recorded with its seed and can be repeated
抽查结果连同种子记录在案,可以重现

customs_before_check_in | 2015-02-01 | GAC 25/2015 | A
Goods for the hold are verified before check-in, and the verification says so
托运行李在值机前验核并注明

customs_after_check_in | 2015-02-01 | GAC 25/2015 | A
Goods carried by hand are verified after check-in, and the verification says so
随身行李在值机后验核并注明

outcome_kept | 2025-04-08 | SAT 9/2025 | A
Promise kept: the hold is released and the advance was the refund
按诺离境:解除预授权,预付金即为退税款

outcome_policy_not_met | 2025-04-08 | SAT 9/2025, practice | B
Conditions not met: everything is charged, and this form gives no refund any more
不符合条件:全额扣回,该单不再退税

outcome_promise_broken | 2025-04-08 | SAT 9/2025 | A
Promise broken: everything is charged, and the ordinary refund stays open
未按诺离境:全额扣回,仍可办普通退税

outcome_fewer_goods | 2015-02-01 | GAC 25/2015 item 2, project decision | D
Fewer goods confirmed: the difference is charged, the rest is released
确认数量减少:扣回差额,其余解除

outcome_goods_brought_back | 2025-07-01 | project decision | D
Goods brought back to the store: the form ends and the advance comes back
货物退回商店:申请单终止,预付金收回

ordinary_after_capture | 2025-04-08 | SAT 9/2025 | A
A charged form is refunded the ordinary way at a later departure, on the same thread
已扣回的申请单此后离境可续办普通退税

no_show | 2025-04-08 | SAT 9/2025 | A
A traveller who is never seen leaving has broken the promise
始终未见离境的视为违反承诺

wrong_port | 2025-07-01..2026-06-30 | SAT 9/2025, Hubei's practice | B
A departure through another port than the named one breaks the promise
从约定以外的口岸离境属违反承诺

late_second | 2025-07-01 | project decision | D
The last second of the last day is in time, the next one is late
最后一天最后一秒算按时,下一秒算迟到

ordinary_from_the_start | 2015-02-01 | MOF 3/2015 | A
A form can be issued for the ordinary refund from the start
可以一开始就开具普通退税申请单

ordinary_cash | 2015-02-01 | MOF 3/2015 | B
The counter pays cash up to the limit and not above it
柜台现金支付不得超过上限

ordinary_till | 2025-07-01 | project decision | D
Cash comes from a till that is counted, and never more than is in it
现金出自清点过的钱箱,不得透支

ordinary_transfer | 2015-02-01 | MOF 3/2015 | A
The counter can pay by transfer or to a card, whatever the sum
柜台可转账或退至银行卡,不限金额

ordinary_receipt | 2015-02-01 | SAT 41/2015 | A
A refund at the counter is paid once, against a signed receipt
柜台退税只付一次,凭签字的回执

review_stay | 2015-02-01 | SAT 41/2015 | A
The agency checks at the review that the departure is within the longest stay
代理机构复核离境未超过最长停留天数

review_export | 2015-02-01 | SAT 41/2015 | A
The agency checks at the review that the goods leave within their days
代理机构复核货物在期限内离境

review_papers | 2015-02-01 | general knowledge of SAT 41/2015 | M
The agency pays after customs have verified, to the person on the form, as the record says
代理机构核对验核、本人和记录后付款

pays_confirmed_quantity | 2015-02-01 | GAC 25/2015 item 2 | A
What is paid or kept follows the confirmed quantity
实退金额以海关确认的数量为准

joint_agreement | 2025-11-01 | practice of Wuhan's central refund points, project decision | D
Forms of several stores of one traveller are claimed under one agreement
集中退付点一份协议办理多店申请单

joint_hold | 2025-11-01 | project decision | D
One hold covers the forms that are claimed together
合办的申请单共用一笔预授权

joint_advance | 2025-11-01 | project decision | D
One advance pays the forms that are claimed together
合办的申请单一次支付预付金

joint_forms_apart | 2025-11-01 | project decision | D
Each form of a joint claim ends on its own
合办之后各单独立了结

settle_confirmed_only | 2015-02-01 | SAT 41/2015, project decision | D
A settlement claims refunds that are confirmed and paid, and a charged form claims nothing
结算只含已确认并支付的退税

settle_adds_up | 2025-07-01 | project decision | D
A settlement equals the ledger to the fen
结算数与账目分毫不差

settle_closes_once | 2025-07-01 | project decision | D
A month is closed once, and not before it is over
每月只能结一次,且须月份结束后

settle_corrections_next | 2025-07-01 | project decision | D
What changes after the closing goes into the next settlement
结账后的更正并入下一期

store_filing | 2015-02-01 | SAT 41/2015, SAT 11/2025 | A
A store joins by a filing that is decided, and only with every condition met
商店符合全部条件并经备案后方可退税

store_change | 2015-02-01 | SAT 41/2015 | A
What changes at a store is recorded with its day, and a late report is seen
商店变更按日记录,逾期报告可见

store_suspension | 2015-02-01 | SAT 41/2015 | A
A store that is suspended issues nothing from that minute on
商店暂停后即刻不能开单

store_termination | 2015-02-01 | SAT 41/2015 | A
A store that is terminated never issues again
终止的商店不再开单

store_instant_dates | 2025-04-08 | SAT 9/2025 | A
Advances are given from the first to the last day of the store's agreement with the agency
即买即退限于商店与代理机构的协议期内

store_old_forms_payable | 2025-07-01 | project decision | D
Forms that a store issued before it was suspended or left are paid as ever
商店暂停或退出前开具的申请单照常支付

never_captured_above_hold | 2025-04-08 | SAT 9/2025 | A
No charge takes more than was held
扣款不得超过预授权金额

hold_outlives | 2025-07-01 | project decision | D
A hold that would end before its last possible charge is seen before it ends
先于最后扣款日失效的预授权须提前发现

hold_cover | 2025-07-01 | project decision | D
A hold is taken that outlives the last charge, can be extended, or outlives the promise by a day
预授权须晚于最后扣款日,或可延期,或比承诺期多出一天

charge_in_time | 2025-07-01 | project decision | D
A broken promise is charged a day before its hold ends by itself
承诺未履行的,在预授权失效前一天扣款

two_persons | 2025-07-01 | project decision | D
A release, charge or write-off by hand above 1,000 yuan needs two persons
超过一千元的人工解除、扣款或核销须两人办理

pending_max | 2025-07-01 | project decision | D
Nothing waits longer than 15 minutes for the network without a case
等待网络答复超过十五分钟的,须立案

returned_not_owed | 2025-07-01 | project decision | D
What the bank sent back is not owed, and is paid once more
银行退回的款项不再追回,并再次付出

simulation_is_said | 2025-07-01 | project decision | D
Each paper and page says that it is a simulation
每张单据和页面都标明是模拟

receipt_labels | 2025-07-01 | screens of a bank | C
The refund receipt carries the labels that are known of the real one
退税回执使用已知的栏目名称
"""
